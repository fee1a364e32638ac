/**
 * EventBridge Scheduler's own words for when: `cron(…)`, `rate(…)` and `at(…)`, read strictly by its documented
 * grammar, so that what is accepted here is accepted at deployment too.
 */
export { parseSchedule } from './schedule/parse.ts'
export type { CronSchedule, Days, Schedule } from './schedule/schedule.ts'
export { nextTimes, previousTime, timesBetween } from './schedule/times.ts'
