import { crc32, deflateSync } from 'node:zlib'

/**
 * Opaque RGBA pixels as a PNG with a palette: a third of the bytes of one without. The 256 most frequent colours stay
 * as they are; the others are half-tones at the edges of text and lines, and take the nearest.
 * https://www.w3.org/TR/png-3/
 */
export function palettePng(pixels: Uint8Array, width: number, height: number): Uint8Array {
  const colours = new Uint32Array(pixels.length / 4)
  const counts = new Map<number, number>()
  for (let at = 0; at < colours.length; at += 1) {
    const colour = ((pixels[at * 4] ?? 0) << 16) | ((pixels[at * 4 + 1] ?? 0) << 8) | (pixels[at * 4 + 2] ?? 0)
    colours[at] = colour
    counts.set(colour, (counts.get(colour) ?? 0) + 1)
  }
  const palette = [...counts]
    .sort((a, b) => b[1] - a[1])
    .slice(0, 256)
    .map(([colour]) => colour)
  const places = new Map(palette.map((colour, place) => [colour, place]))
  for (const colour of counts.keys()) if (!places.has(colour)) places.set(colour, nearest(colour, palette))

  // Each row begins with its filter: none, which suits palettes best.
  const rows = new Uint8Array(height * (width + 1))
  for (let at = 0; at < colours.length; at += 1) rows[at + Math.floor(at / width) + 1] = places.get(colours[at] ?? 0) ?? 0
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([8, 3], 8)
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', header),
    chunk('PLTE', Uint8Array.from(palette.flatMap((colour) => [colour >> 16, (colour >> 8) & 255, colour & 255]))),
    chunk('IDAT', deflateSync(rows)),
    chunk('IEND', new Uint8Array()),
  ])
}

function nearest(colour: number, palette: readonly number[]): number {
  let best = 0
  let least = Infinity
  palette.forEach((candidate, place) => {
    const [red, green, blue] = [16, 8, 0].map((shift) => ((colour >> shift) & 255) - ((candidate >> shift) & 255)) as [
      number,
      number,
      number,
    ]
    const distance = red * red + green * green + blue * blue
    if (distance < least) {
      least = distance
      best = place
    }
  })
  return best
}

function chunk(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const framed = Buffer.alloc(body.length + 8)
  framed.writeUInt32BE(data.length, 0)
  framed.set(body, 4)
  framed.writeUInt32BE(crc32(body), body.length + 4)
  return framed
}
