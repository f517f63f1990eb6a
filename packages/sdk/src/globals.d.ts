/** The generated client names this type of browsers; Node has it only inside `RequestInit`. */
type BodyInit = NonNullable<RequestInit["body"]>
