/**
 * Takes a picture of a page, as README has one of the mail:
 * `node test/screenshot.ts <email.html> <out.png> [width, 740 unless given] [light or dark] [height, all of it unless given]`.
 * Chromium is the one at CHROMIUM, else /usr/bin/chromium. `npm run screenshot` makes README's anew.
 */
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { chromium } from 'playwright-core'

const [page, out, width = '740', scheme = 'light', height] = process.argv.slice(2)
if (page === undefined || out === undefined) {
  console.error('node test/screenshot.ts <email.html> <out.png> [width] [light or dark] [height]')
  process.exit(2)
}
const browser = await chromium.launch({
  executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
  args: [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ],
})
try {
  const tab = await browser.newPage({
    viewport: { width: Number(width), height: Number(height ?? 800) },
    deviceScaleFactor: 2,
    colorScheme: scheme === 'dark' ? 'dark' : 'light',
  })
  await tab.goto(pathToFileURL(resolve(page)).href)
  await tab.screenshot({ path: out, fullPage: height === undefined })
} finally {
  await browser.close()
}
