/** An answer that is JSON already: what is stored as JSON goes out as it is. */
export class JsonText {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}
