import * as z from 'zod'

/** What sources say of themselves alike: in the project file, and as options of their clients. */

/** A vendor's address, of which `problemOf` says what is wrong, if anything. */
export function address(problemOf: (address: string) => string | undefined) {
  return z.string().superRefine((value, context) => {
    const problem = problemOf(value)
    if (problem !== undefined) context.addIssue({ code: 'custom', message: problem })
  })
}

/** The function that reads a client's credential, which a program without types may have forgotten. */
export function reader<Read>() {
  return z.custom<Read>((one) => typeof one === 'function', 'a function that gives the credential')
}
