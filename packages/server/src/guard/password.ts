import { createHash, timingSafeEqual } from "node:crypto"

export interface Credentials {
  password: string
  /** Without it any user name will do. */
  username?: string | undefined
}

/** Checks an Authorization header (Basic). The time it takes says nothing about how much of a guess was right. */
export function createPasswordCheck({
  password,
  username,
}: Credentials): (authorization: string | undefined) => boolean {
  const wanted = digest(password)
  const wantedName = username === undefined ? undefined : digest(username)
  return (authorization) => {
    const [, encoded = ""] = /^basic +([a-z0-9+/=_-]+)$/i.exec(authorization ?? "") ?? []
    const given = Buffer.from(encoded, "base64").toString("utf8")
    const colon = given.indexOf(":")
    const isPassword = timingSafeEqual(digest(given.slice(colon + 1)), wanted)
    const isName = wantedName === undefined || timingSafeEqual(digest(given.slice(0, Math.max(0, colon))), wantedName)
    return colon >= 0 && isPassword && isName
  }
}

/** Of equal length whatever the text. */
const digest = (text: string): Buffer => createHash("sha256").update(text).digest()
