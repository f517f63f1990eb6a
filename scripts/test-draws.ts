import fc from "fast-check"

/**
 * Random histories are the same in every run: whether a change passes must not be a matter of luck. `TEST_SEED=random`
 * looks further, another number repeats what a failure printed.
 */
const DEFAULT_SEED = 20_261_120

const { TEST_SEED = DEFAULT_SEED } = process.env
if (TEST_SEED !== "random") fc.configureGlobal({ seed: Number(TEST_SEED) })
