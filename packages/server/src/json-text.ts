/** An answer that is JSON already: what is stored as JSON goes out as it is. */
export class JsonText {
  readonly text: string | Uint8Array

  constructor(text: string | Uint8Array) {
    this.text = text
  }
}
