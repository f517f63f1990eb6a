import { openAddress } from "../open-address.ts"
import { out } from "../out.ts"
import { serve, type ServeOptions } from "./serve.ts"

/** Until there is a screen for the browser, the page of the API is what can be shown there. */
export async function web(options: ServeOptions): Promise<void> {
  await serve(options, async (url) => {
    // Every address is none that a browser can open.
    const page = new URL("/doc", url.replace("//0.0.0.0:", "//127.0.0.1:").replace("//[::]:", "//[::1]:")).href
    out.note(`The browser screen is not part of this version yet. This is the page of the API: ${page}`)
    const problem = await openAddress(page)
    if (problem) out.note(`No browser was opened: ${problem} Open the address yourself.`)
  })
}
