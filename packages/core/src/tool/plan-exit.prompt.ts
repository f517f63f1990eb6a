export const prose = `Ends plan mode, if the user agrees: they are asked whether the plan is carried out. If they agree, you go on with an agent that may edit files and run commands; if not, you hear why and improve the plan.

Call it once the plan file is complete and no question is open. Not to answer a question, and not to ask what the plan should be.`

/** The prompt with which another agent goes on. */
export const approvedText = (file: string | undefined): string =>
  file === undefined
    ? "The plan above is approved. Carry it out: you may edit files and run commands now."
    : `The plan in ${file} is approved. Carry it out: you may edit files and run commands now.`
