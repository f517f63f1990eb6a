import { PIXEL } from "@opencode/testing/pixel.ts"
import fc from "fast-check"
import sharp from "sharp"
import { expect, test } from "vitest"
import { createImages, type FittedImage } from "../../src/model/image/fit.ts"
import { imageHeader } from "../../src/model/image/header.ts"
import { bomb, noise, plain } from "./images.ts"

const pixel = Buffer.from(PIXEL, "base64")

const limits = { max_width: 400, max_height: 300, max_base64_bytes: 60_000 }
const small = createImages({ image: limits })
const usual = createImages(undefined)
const withoutLibrary = createImages({ image: limits }, async () => undefined)

function shown(fitted: FittedImage): { bytes: Buffer; mime: string } {
  if ("why" in fitted) throw new Error(fitted.why)
  return fitted
}

/** What every image that is kept has to be. */
async function expectWithinLimits(fitted: FittedImage): Promise<void> {
  if ("why" in fitted) {
    expect(fitted.why).toMatch(/\w/)
    return
  }
  const { format, width, height, pages } = await sharp(fitted.bytes).metadata()
  expect(`image/${format}`).toBe(fitted.mime)
  expect(width).toBeLessThanOrEqual(limits.max_width)
  expect(height).toBeLessThanOrEqual(limits.max_height)
  expect(pages ?? 1).toBe(1)
  expect(fitted.bytes.toString("base64").length).toBeLessThanOrEqual(limits.max_base64_bytes)
}

test("an image that fits keeps its bytes", async () => {
  expect(await usual.fit(pixel)).toEqual({ bytes: pixel, mime: "image/png" })
  const photo = await noise(1_900, 800).jpeg().toBuffer()
  expect(shown(await usual.fit(photo)).bytes).toBe(photo)
})

test.each<[string, () => Promise<Buffer>, string]>([
  ["a wide photograph", () => noise(1_200, 200).jpeg().toBuffer(), "image/jpeg"],
  ["a high screenshot", () => plain(300, 2_000).png().toBuffer(), "image/png"],
  ["a noisy picture of the right size", () => noise(400, 300).png().toBuffer(), "image/jpeg"],
  ["a moving picture", () => plain(40, 30).gif().toBuffer(), "image/png"],
  ["a TIFF", () => plain(40, 30).tiff().toBuffer(), "image/png"],
  ["an AVIF", () => plain(64, 64).avif().toBuffer(), "image/jpeg"],
  ["a WebP that is too wide", () => plain(900, 20).webp().toBuffer(), "image/png"],
])("%s is made what every provider takes", async (_, make, mime) => {
  const fitted = await small.fit(await make())
  expect(shown(fitted).mime).toBe(mime)
  await expectWithinLimits(fitted)
})

test("the sides keep their proportion, as a person sees them", async () => {
  const turned = await noise(1_000, 500).jpeg().withMetadata({ orientation: 6 }).toBuffer()
  const { width, height } = await sharp(shown(await small.fit(turned)).bytes).metadata()
  expect([width, height]).toEqual([150, 300])
})

test("what is transparent becomes white where the format has no such thing", async () => {
  const clear = sharp(await noise(800, 800).png().toBuffer()).ensureAlpha(0)
  const { bytes, mime } = shown(
    await createImages({ image: { max_base64_bytes: 100_000 } }).fit(await clear.png().toBuffer()),
  )
  const { dominant } = await sharp(bytes).stats()
  expect([mime, dominant.r > 200]).toEqual(["image/jpeg", true])
})

test("a broken image is mended as far as it goes, or left out with a reason", async () => {
  const whole = await noise(300, 200).jpeg().toBuffer()
  const half = shown(await small.fit(whole.subarray(0, whole.length / 2)))
  expect(half.bytes).not.toBe(whole)
  await expectWithinLimits(half)
  expect(await small.fit(whole.subarray(0, 12))).toEqual({ why: expect.stringContaining("cannot be read") })
  expect(await small.fit(pixel.subarray(0, 30))).toEqual({ why: expect.stringContaining("cannot be read") })
})

test("a small file that stands for a huge picture is not opened", async () => {
  const images = createImages(undefined, async () => ({
    verify: () => Promise.reject(new Error("opened")),
    encode: () => Promise.reject(new Error("opened")),
    size: () => Promise.reject(new Error("opened")),
  }))
  expect(await images.fit(await bomb(30_000, 30_000))).toEqual({ why: expect.stringContaining("30000 x 30000 pixels") })
  expect(await images.fit(await bomb(0, 10))).toEqual({ why: "it is damaged" })
})

test("a picture that says its size only inside is not decoded when it is huge", async () => {
  const tiff = await sharp({ create: { width: 9_000, height: 6_000, channels: 3, background: "#000" } })
    .tiff({ compression: "deflate" })
    .toBuffer()
  expect(await usual.fit(tiff)).toEqual({ why: expect.stringContaining("pixel limit") })
})

test.each(["<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>", "%PDF-1.7", "hello", ""])(
  "%j is no image, whatever it is called",
  async (text) => {
    expect(await usual.fit(Buffer.from(text))).toEqual({ why: "it is in no format that is known" })
  },
)

test("with resizing off an image keeps its size, and only its format is changed", async () => {
  const images = createImages({ image: { ...limits, auto_resize: false } })
  const large = await noise(900, 700).jpeg().toBuffer()
  expect(shown(await images.fit(large)).bytes).toBe(large)
  const { bytes } = shown(await images.fit(await plain(900, 700).gif().toBuffer()))
  expect(await sharp(bytes).metadata()).toMatchObject({ format: "png", width: 900, height: 700 })
})

test("without the library images go as they are, or are left out with what is missing", async () => {
  expect(await withoutLibrary.fit(pixel)).toEqual({ bytes: pixel, mime: "image/png" })
  const large = await noise(900, 700).jpeg().toBuffer()
  expect(await withoutLibrary.fit(large)).toEqual({ why: expect.stringContaining("sharp") })
})

const FORMATS = ["png", "jpeg", "webp", "gif", "tiff"] as const

test("whatever comes, what is kept is within the limits", async () => {
  const pictures = [noise(410, 150), plain(401, 10)]
  const samples = await Promise.all(
    FORMATS.flatMap((format) => pictures.map((picture) => picture.clone().toFormat(format).toBuffer())),
  )
  const made = fc.oneof(
    fc.record({ bytes: fc.uint8Array({ maxLength: 100 }) }),
    fc.record({ sample: fc.nat(samples.length - 1), part: fc.double({ min: 0, max: 1, noNaN: true }) }),
    fc.record({
      sample: fc.nat(samples.length - 1),
      // The first hundred bytes say most of what can go wrong.
      changes: fc.array(fc.tuple(fc.oneof(fc.nat(100), fc.nat(1_000_000)), fc.nat(255)), { maxLength: 12 }),
    }),
  )
  const property = fc.asyncProperty(made, async (given) => {
    if ("bytes" in given) return expectWithinLimits(await small.fit(Buffer.from(given.bytes)))
    const bytes = Buffer.from(samples[given.sample] ?? [])
    if ("part" in given) return expectWithinLimits(await small.fit(bytes.subarray(0, bytes.length * given.part)))
    for (const [at, value] of given.changes) bytes[at % bytes.length] = value
    return expectWithinLimits(await small.fit(bytes))
  })
  await fc.assert(property, { numRuns: 150 })
}, 60_000)

test("what a header says is what the library finds", async () => {
  for (const format of ["png", "jpeg", "gif"] as const) {
    for (const [width, height] of [
      [1, 1],
      [321, 45],
      [2_000, 7],
    ] as const) {
      const header = imageHeader(await plain(width, height).toFormat(format).toBuffer())
      expect(header).toMatchObject({ mime: `image/${format}`, width, height })
    }
  }
  for (const lossless of [true, false]) {
    expect(imageHeader(await plain(321, 45).webp({ lossless }).toBuffer())).toMatchObject({ width: 321, height: 45 })
    const solid = plain(321, 45).removeAlpha().webp({ lossless })
    expect(imageHeader(await solid.toBuffer())).toMatchObject({ width: 321, height: 45 })
  }
  const photo = await noise(640, 480).jpeg({ progressive: true }).withMetadata({ icc: "srgb" }).toBuffer()
  expect(imageHeader(photo)).toMatchObject({ width: 640, height: 480 })
})

test("no bytes make the reader of headers fail", () => {
  const beginnings = [
    "\x89PNG\r\n\x1a\n",
    "\xff\xd8\xff",
    "GIF89a",
    "RIFF0000WEBPVP8X",
    "RIFF0000WEBPVP8 ",
    "RIFF0000WEBPVP8L",
    "BM",
    "",
  ]
  fc.assert(
    fc.property(fc.constantFrom(...beginnings), fc.uint8Array({ maxLength: 60 }), (start, rest) => {
      const header = imageHeader(Buffer.concat([Buffer.from(start, "latin1"), rest]))
      expect(header?.mime ?? "image/none").toMatch(/^image\//)
    }),
  )
})
