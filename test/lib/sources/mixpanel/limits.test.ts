import { describe, expect, test } from 'vitest'
import { CredentialError, RefusedError, UnavailableError, WaitError } from '../../../../lib/errors.ts'
import type { Ledger } from '../../../../lib/ledger.ts'
import { createMixpanelClient } from '../../../../lib/sources/mixpanel/client.ts'
import { admission } from '../../../../lib/sources/mixpanel/limits.ts'
import { fakeTime } from '../../../servers/fake-time.ts'
import type { Payload, Vendor } from '../../../servers/vendor.ts'
import { startVendor } from '../../../servers/vendor.ts'

/** Writes down what is taken and given back; its limits have room unless a test says otherwise. */
function diary(full: Readonly<Record<string, () => Date | undefined>> = {}) {
  const lines: string[] = []
  const ledger: Ledger = {
    async take({ name, perHour }) {
      const until = full[name]?.()
      if (until !== undefined) throw new WaitError('the hour is used up', { until })
      lines.push(`take ${name} of ${perHour}`)
      return {
        async giveBack() {
          lines.push(`back ${name}`)
        },
      }
    },
    async block({ name }, until) {
      lines.push(`block ${name} until ${until.toISOString()}`)
    },
  }
  return { ledger, lines }
}

const query = 'mixpanel-eu-1234567-query'

function open(vendor: Vendor, ledger: Ledger, perHour?: number) {
  const time = fakeTime()
  const client = createMixpanelClient({
    project: '1234567',
    region: 'eu',
    url: vendor.url,
    credential: async () => 'reports:Zk3vQ9pLr7TnX2mB',
    credentials: 'ssm:/broadsheet/product',
    ledger,
    perHour,
    clock: time.clock,
    http: { sleep: time.sleep, random: time.random },
  })
  return { client, time, [Symbol.asyncDispose]: () => client.close() }
}

const asked = (answer: Payload) => ({ path: '/api/query/funnels/list', query: { project_id: '1234567' }, answer })

describe('a counted call', () => {
  test('takes one of the budget, or of the vendor’s sixty', async () => {
    await using vendor = await startVendor([asked({ body: [] }), asked({ body: [] })])
    const { ledger, lines } = diary()
    await using frugal = open(vendor, ledger, 30)
    await frugal.client.funnelsList()
    await using usual = open(vendor, ledger)
    await usual.client.funnelsList()
    expect(lines).toEqual([`take ${query} of 30`, `take ${query} of 60`])
  })

  test('takes another one for each try, because the vendor counts those that fail', async () => {
    await using vendor = await startVendor([asked({ status: 502 }), asked({ cutAfter: 1, body: [] }), asked({ body: [] })])
    const { ledger, lines } = diary()
    await using door = open(vendor, ledger)
    await door.client.funnelsList()
    expect(lines).toEqual([`take ${query} of 60`, `take ${query} of 60`, `take ${query} of 60`])
  })

  test.each([
    [401, CredentialError],
    [402, RefusedError],
  ] as const)('that is refused with %i is given back', async (status, kind) => {
    await using vendor = await startVendor([asked({ status, body: { error: 'no' } })])
    const { ledger, lines } = diary()
    await using door = open(vendor, ledger)
    await expect(door.client.funnelsList()).rejects.toThrow(kind)
    expect(lines).toEqual([`take ${query} of 60`, `back ${query}`])
  })

  test('that reaches nobody is given back each time', async () => {
    const { ledger, lines } = diary()
    // A port that was just free again: nobody listens.
    const vendor = await startVendor([])
    await vendor[Symbol.asyncDispose]()
    await using door = open(vendor, ledger)
    await expect(door.client.funnelsList()).rejects.toThrow('ECONNREFUSED')
    expect(lines).toEqual(Array.from({ length: 4 }, () => [`take ${query} of 60`, `back ${query}`]).flat())
  })

  test.each([400, 403, 404])('that is refused with %i stays counted', async (status) => {
    await using vendor = await startVendor([asked({ status, body: { error: 'no' } })])
    const { ledger, lines } = diary()
    await using door = open(vendor, ledger)
    await expect(door.client.funnelsList()).rejects.toThrow()
    expect(lines).toEqual([`take ${query} of 60`])
  })
})

describe('429', () => {
  test('of the hour is given back, and tells all others until when', async () => {
    const headers = { ratelimit: '"project";r=0;t=1800, "project-concurrency";r=3' }
    await using vendor = await startVendor([asked({ status: 429, headers, body: { error: 'too many' } })])
    const { ledger, lines } = diary()
    await using door = open(vendor, ledger)
    const failed = await door.client.funnelsList().catch((error: unknown) => error)
    expect(failed).toBeInstanceOf(WaitError)
    const until = new Date(door.time.clock().getTime() + 1_800_000).toISOString()
    expect(lines).toEqual([`take ${query} of 60`, `back ${query}`, `block ${query} until ${until}`])
  })

  test('of a JQL query holds up queries, too: the window may be theirs', async () => {
    const headers = { ratelimit: '"project";r=0;t=1800, "project-concurrency";r=3' }
    await using vendor = await startVendor([
      {
        method: 'POST',
        path: '/api/query/jql',
        query: { project_id: '1234567' },
        form: { script: 'function main() {}' },
        answer: { status: 429, headers, body: { error: 'too many' } },
      },
    ])
    const { ledger, lines } = diary()
    await using door = open(vendor, ledger)
    await expect(door.client.jql({ script: 'function main() {}' })).rejects.toThrow(WaitError)
    const blocked = lines.filter((line) => line.startsWith('block'))
    expect(blocked).toEqual(['jql', 'query'].map((pool) => `block mixpanel-eu-1234567-${pool} until 2026-11-16T07:30:00.000Z`))
  })

  test.each([
    ['an hour where nothing else is said', {}, '08:00:00'],
    ['as long as Retry-After says', { 'retry-after': '1200' }, '07:20:00'],
  ])('of the hour with an absurd time is %s', async (_, more, until) => {
    const headers = { ratelimit: '"project";r=0;t=99999999999999', ...more }
    await using vendor = await startVendor([asked({ status: 429, headers, body: { error: 'too many' } })])
    const { ledger, lines } = diary()
    await using door = open(vendor, ledger)
    const failed = await door.client.funnelsList().catch((error: unknown) => error)
    expect(failed).toMatchObject({ kind: 'wait', until: new Date(`2026-11-16T${until}Z`) })
    expect(lines.at(-1)).toBe(`block ${query} until 2026-11-16T${until}.000Z`)
  })

  test('of concurrency with an absurd time is tried again after ten seconds', async () => {
    const headers = { ratelimit: '"project-concurrency";r=0;t=99999999999999' }
    await using vendor = await startVendor([asked({ status: 429, headers, body: { error: 'too many' } }), asked({ body: [] })])
    await using door = open(vendor, diary().ledger)
    await door.client.funnelsList()
    expect(door.time.slept).toEqual([10_000])
  })

  test('of concurrency is given back, and holds nobody else up', async () => {
    const headers = { ratelimit: '"project";r=12, "project-concurrency";r=0;t=10' }
    await using vendor = await startVendor([asked({ status: 429, headers, body: { error: 'too many' } }), asked({ body: [] })])
    const { ledger, lines } = diary()
    await using door = open(vendor, ledger)
    await door.client.funnelsList()
    expect(lines).toEqual([`take ${query} of 60`, `back ${query}`, `take ${query} of 60`])
    expect(door.time.slept).toEqual([10_000])
  })

  test('of shed load is given back and tried again with back-off', async () => {
    const shed = asked({ status: 429, body: { error: 'Query rate limit exceeded' } })
    await using vendor = await startVendor([shed, shed, shed, shed])
    const { ledger, lines } = diary()
    await using door = open(vendor, ledger)
    await expect(door.client.funnelsList()).rejects.toThrow(UnavailableError)
    expect(door.time.slept).toEqual([750, 1500, 3000])
    expect(lines.filter((line) => line.startsWith('back'))).toHaveLength(4)
  })
})

describe('a ledger that is full', () => {
  test('for longer than a call may take fails it with the time, and nothing is sent', async () => {
    await using vendor = await startVendor([])
    const until = new Date('2026-11-16T07:40:00Z')
    const { ledger } = diary({ [query]: () => until })
    await using door = open(vendor, ledger)
    expect(await door.client.funnelsList().catch((error: unknown) => error)).toMatchObject({ kind: 'wait', until })
  })

  test('for some seconds is waited for', async () => {
    await using vendor = await startVendor([asked({ body: [] })])
    const room = new Date('2026-11-16T07:00:20Z')
    const time: { now: () => Date } = { now: () => new Date(0) }
    const { ledger, lines } = diary({ [query]: () => (time.now() < room ? room : undefined) })
    await using door = open(vendor, ledger)
    time.now = door.time.clock
    await door.client.funnelsList()
    expect(door.time.slept).toEqual([20_000])
    expect(lines).toEqual([`take ${query} of 60`])
  })

  test('in one of two pools takes nothing of the other', async () => {
    const until = new Date('2026-11-16T07:40:00Z')
    const { ledger, lines } = diary({ [query]: () => until })
    const admit = admission({ project: '1234567', region: 'eu', ledger }, ['jql', 'query'])
    await expect(admit?.()).rejects.toThrow(WaitError)
    expect(lines).toEqual(['take mixpanel-eu-1234567-jql of 60', 'back mixpanel-eu-1234567-jql'])
  })
})

test('what the vendor does not count takes nothing', () => {
  expect(admission({ project: '1234567', region: 'eu', ledger: diary().ledger }, [])).toBeUndefined()
  expect(admission({ project: '1234567', region: 'eu' }, ['query'])).toBeUndefined()
})
