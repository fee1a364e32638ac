import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { characters } from './coverage.ts'
import { palettePng } from './palette-png.ts'

const subsets = ['latin', 'latin-ext', 'cyrillic', 'cyrillic-ext', 'greek', 'greek-ext', 'vietnamese']
const wasm = 'index_bg.wasm'
const regular = subsets.map((subset) => `inter-${subset}-400-normal.woff2`)
// Without the 600 face of a subset, its bold text is silently drawn in the regular one.
const heavy = regular.map((name) => name.replace('-400-', '-600-'))
const fonts = [...regular, ...heavy]

/**
 * The files that drawing reads, by the name they have beside a bundle: bundling copies each there. In the repository
 * they are found in node_modules.
 */
export const rasterAssets: Readonly<Record<string, string>> = Object.fromEntries([
  [wasm, locate(wasm, `@resvg/resvg-wasm/${wasm}`)],
  ...fonts.map((name) => [name, locate(name, `@fontsource/inter/files/${name}`)]),
])

function locate(name: string, specifier: string): string {
  const beside = join(import.meta.dirname, name)
  return existsSync(beside) ? beside : createRequire(import.meta.url).resolve(specifier)
}

/** A text of weight 600 with a letter beyond Latin-1. */
const heavyNames = /<text[^>]*font-weight[:=]"?600[^>]*>[^<]*(?=\p{L})[^\0-\xff]/u

let loading: Promise<{ Resvg: typeof import('@resvg/resvg-wasm').Resvg; fontBuffers: Uint8Array[] }> | undefined

// Once per process: initWasm throws when it is called again.
function load() {
  loading ??= (async () => {
    const [{ initWasm, Resvg }, module, ...fontBuffers] = await Promise.all([
      import('@resvg/resvg-wasm'),
      readAsset(wasm),
      ...fonts.map(readAsset),
    ])
    await initWasm(module)
    return { Resvg, fontBuffers }
  })()
  return loading
}

async function readAsset(name: string): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await readFile(rasterAssets[name] as string))
}

/** An SVG as an opaque PNG, at two pixels for each of its units, its text set in Inter and nothing else. */
export async function rasterise(svg: string): Promise<Uint8Array> {
  const { Resvg, fontBuffers } = await load()
  // For a letter that the first subset lacks, resvg takes the first font that has it, whatever its weight: names at the
  // ends of lines would lose theirs in Cyrillic. A picture writes names in one weight, so that weight comes first.
  const ordered = heavyNames.test(svg)
    ? [...fontBuffers.slice(regular.length), ...fontBuffers.slice(0, regular.length)]
    : fontBuffers
  const font = { fontBuffers: ordered, defaultFontFamily: 'Inter', sansSerifFamily: 'Inter' }
  const drawing = new Resvg(svg, { fitTo: { mode: 'zoom', value: 2 }, font, background: '#ffffff' })
  // Both live in the wasm's memory, which no garbage collector sees.
  try {
    const image = drawing.render()
    try {
      return palettePng(image.pixels, image.width, image.height)
    } finally {
      image.free()
    }
  } finally {
    drawing.free()
  }
}

let drawable: Promise<ReadonlySet<number>> | undefined

/** The code points that the fonts have. Anything else would come out as a box that says NOGLYPH. */
export function drawableCharacters(): Promise<ReadonlySet<number>> {
  drawable ??= Promise.all(regular.map(readAsset)).then((files) => new Set(files.flatMap((file) => [...characters(file)])))
  return drawable
}
