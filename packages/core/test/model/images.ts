import sharp, { type Sharp } from "sharp"

/** A picture that no format makes small. */
export const noise = (width: number, height: number): Sharp =>
  sharp({
    create: {
      width,
      height,
      channels: 3,
      background: "#808080",
      noise: { type: "gaussian", mean: 128, sigma: 60 },
    },
  })

/** A picture of one colour. */
export const plain = (width: number, height: number, background = "#336699"): Sharp =>
  sharp({ create: { width, height, channels: 4, background } })

/** A PNG that says it has so many pixels, in 700 kB or so. */
export async function bomb(width: number, height: number): Promise<Buffer> {
  const bytes = await noise(500, 500).png().toBuffer()
  bytes.writeUInt32BE(width, 16)
  bytes.writeUInt32BE(height, 20)
  return bytes
}

/** A GIF of two pictures. */
export async function moving(width: number, height: number): Promise<Buffer> {
  const pictures = ["#ff0000", "#00ff00"].map((color) => plain(width, height, color).png().toBuffer())
  return sharp(await Promise.all(pictures), { join: { animated: true } })
    .gif()
    .toBuffer()
}
