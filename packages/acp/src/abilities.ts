/** What the client said that it can do. Whoever says nothing can do nothing. */
export interface ClientAbilities {
  /** It writes files that we give it, and so into what it has open. */
  writesFiles: boolean
  /** It shows forms, and so a model's questions. */
  showsForms: boolean
}
