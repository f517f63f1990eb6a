/** What a command leaves for the process to end with. */
export interface Result {
  code: number
}
