import { readFile } from 'node:fs/promises'
import { Resvg } from '@resvg/resvg-wasm'
import { rasterAssets, rasterise } from '../../../lib/email/raster.ts'

export interface Pixels {
  readonly width: number
  readonly height: number
  /** 0xrrggbb of each pixel, row by row. */
  readonly colours: Uint32Array
}

const blank = '<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>'

/** A PNG read back, by drawing it. */
export function pixelsOfPng(png: Uint8Array): Promise<Pixels> {
  const view = Buffer.from(png)
  const [width, height] = [view.readUInt32BE(16), view.readUInt32BE(20)]
  const href = `data:image/png;base64,${view.toString('base64')}`
  return pixelsOfSvg(
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"><image width="${width}" height="${height}" href="${href}"/></svg>`,
  )
}

/** An SVG drawn; without fonts if asked, so that what text adds can be seen. */
export async function pixelsOfSvg(svg: string, { fonts = true, zoom = 1 } = {}): Promise<Pixels> {
  // Starts the wasm, which can be started once only.
  await rasterise(blank)
  const files = Object.entries(rasterAssets).filter(([name]) => name.endsWith('.woff2') && fonts)
  const fontBuffers = await Promise.all(files.map(async ([, path]) => new Uint8Array(await readFile(path))))
  const font = { fontBuffers, defaultFontFamily: 'Inter' }
  const drawing = new Resvg(svg, { font, background: '#ffffff', fitTo: { mode: 'zoom', value: zoom } })
  const image = drawing.render()
  const bytes = Buffer.from(image.pixels)
  const colours = new Uint32Array(bytes.length / 4).map((_, at) => bytes.readUIntBE(at * 4, 3))
  const pixels = { width: image.width, height: image.height, colours }
  image.free()
  drawing.free()
  return pixels
}
