import { createHash, timingSafeEqual } from "node:crypto"

export interface Credentials {
  password: string
  /** Without it any user name will do. */
  username?: string | undefined
}

/** The two ways to send a password: in the header of every request, or in the address where a browser sets no headers. */
export interface Shown {
  /** `Basic …` */
  authorization: string | undefined
  /** What stands behind `Basic` there. */
  token: string | undefined
}

/** One of both is enough. The time it takes says nothing about how much of a guess was right. */
export function createPasswordCheck({ password, username }: Credentials): (shown: Shown) => boolean {
  const wanted = digest(password)
  const wantedName = username === undefined ? undefined : digest(username)

  function opens(encoded: string): boolean {
    const given = Buffer.from(encoded, "base64").toString("utf8")
    const colon = given.indexOf(":")
    const isPassword = timingSafeEqual(digest(given.slice(colon + 1)), wanted)
    const isName = wantedName === undefined || timingSafeEqual(digest(given.slice(0, Math.max(0, colon))), wantedName)
    return colon >= 0 && isPassword && isName
  }

  return ({ authorization, token }) => {
    const [, encoded = ""] = /^basic +([a-z0-9+/=_-]+)$/i.exec(authorization ?? "") ?? []
    const isByHeader = opens(encoded)
    // A plus that was not escaped arrives as a blank.
    const isByToken = token !== undefined && opens(token.replaceAll(" ", "+"))
    return isByHeader || isByToken
  }
}

/** Of equal length whatever the text. */
const digest = (text: string): Buffer => createHash("sha256").update(text).digest()
