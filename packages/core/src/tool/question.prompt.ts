export const prose = `Asks the user, and waits for the answer. Use it while you work when a decision is theirs: what they want or prefer, which of several ways to take, what an unclear request means.

- Do not ask for what you can find out yourself, nor for permission to run a tool: that is asked for without you.
- The user can always answer in their own words, so offer no option such as "Other".
- Put what you recommend first, and end its label with "(recommended)".
- Ask what belongs together in one call. Answers come in the order of the questions.`
