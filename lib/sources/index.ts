import { exponea } from './exponea/index.ts'
import { keen } from './keen/index.ts'
import { lake } from './lake/index.ts'
import { mixpanel } from './mixpanel/index.ts'

/** The kinds of source that there are, by the word that a project file says. */
export const sourceKinds = { mixpanel, keen, exponea, lake }
