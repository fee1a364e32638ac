import { describe, expect, test } from 'vitest'
import { CredentialError, DataError, RefusedError, UnavailableError, UsageError, WaitError } from '../../../../lib/errors.ts'
import type { Profile } from '../../../../lib/sources/mixpanel/calls/people.ts'
import { annotationsMove, engageAll, engagePages } from '../../../../lib/sources/mixpanel/composed.ts'
import type { Expected, Payload } from '../../../servers/vendor.ts'
import { startVendor } from '../../../servers/vendor.ts'
import { openDoor } from './calls/pipelines-door.ts'

const session_id = '1234567890-EXAMPL'

function people(from: number, count: number) {
  return Array.from({ length: count }, (_, at) => ({ $distinct_id: `p${from + at}`, $properties: {} }))
}
/** Page 0, which alone says how many there are. */
function first(results: readonly object[], total?: number, page_size = 2): Payload {
  return { body: { page: 0, page_size, session_id, status: 'ok', total, results } }
}
function later(page: number, results: readonly object[], more: object = {}): Payload {
  return { body: { page, session_id, status: 'ok', results, ...more } }
}
function engaged(answer: Payload, form?: Record<string, string>): Expected {
  const sent = form === undefined ? {} : { form }
  return { method: 'POST', path: '/api/query/engage', query: { project_id: '1234567' }, ...sent, answer }
}
const asked = (page: number, answer: Payload, also: Record<string, string> = {}) =>
  engaged(answer, { ...also, session_id, page: String(page) })

async function idsOf(profiles: AsyncIterable<Profile>): Promise<string[]> {
  const ids: string[] = []
  for await (const { distinctId } of profiles) ids.push(distinctId)
  return ids
}
/** The ids that came, and the error after them. */
async function until(profiles: AsyncIterable<Profile>): Promise<{ ids: string[]; error: unknown }> {
  const ids: string[] = []
  try {
    for await (const { distinctId } of profiles) ids.push(distinctId)
    return { ids, error: undefined }
  } catch (error) {
    return { ids, error }
  }
}
const numbered = (count: number) => people(1, count).map(({ $distinct_id }) => $distinct_id)

describe('all profiles', () => {
  test('come page by page, page 0 with them, in order', async () => {
    const where = { where: 'properties["plan"] == "Pro"', page_size: '2' }
    await using vendor = await startVendor([
      engaged(first(people(1, 2), 5), where),
      asked(1, later(1, people(3, 2)), where),
      asked(2, later(2, people(5, 1)), where),
    ])
    await using door = openDoor(vendor)
    const all = door.client.engageAll({ where: 'properties["plan"] == "Pro"', page_size: 2 })
    expect(await idsOf(all)).toEqual(numbered(5))
  })

  test.each([
    ['one page', [engaged(first(people(1, 1), 1))], 1],
    ['none', [engaged(first([], 0))], 0],
    ['just full pages', [engaged(first(people(1, 2), 4)), asked(1, later(1, people(3, 2)))], 4],
    ['a page as large as all', [engaged(first(people(1, 2), 2))], 2],
    [
      'no session beside a page that is full and all',
      [engaged({ body: { page: 0, page_size: 2, total: 2, results: people(1, 2) } })],
      2,
    ],
    ['no session, which nobody needs', [engaged({ body: { page: 0, total: 1, results: people(1, 1) } })], 1],
    [
      'no total, so that the last page tells',
      [engaged(first(people(1, 2))), asked(1, later(1, people(3, 2))), asked(2, later(2, []))],
      4,
    ],
    [
      'a last page without a session',
      [engaged(first(people(1, 2), 3)), asked(1, later(1, people(3, 1), { session_id: null }))],
      3,
    ],
  ])('are all also with %s', async (_, expected, count) => {
    await using vendor = await startVendor(expected)
    await using door = openDoor(vendor)
    expect(await idsOf(engageAll(door.client))).toEqual(numbered(count))
  })

  test('are asked for four pages at a time, and given in order however they come', async () => {
    // Answers to pages 1 to 4 wait until all four are asked for; then the later ones come first.
    const open = new Map<number, () => void>()
    const starts: number[] = []
    let most = 0
    const client = {
      async engage({ page = 0 }: { readonly page?: number | undefined } = {}) {
        starts.push(page)
        const reply = { page, pageSize: page === 0 ? 1 : undefined, total: page === 0 ? 7 : undefined, sessionId: session_id }
        const profiles = [{ distinctId: `p${page}`, properties: {} }]
        if (page === 0) return { ...reply, profiles }
        await new Promise<void>((resolve) => {
          open.set(page, resolve)
          most = Math.max(most, open.size)
          if (page >= 4) for (const [, go] of [...open].reverse()) go()
        })
        open.delete(page)
        return { ...reply, profiles }
      },
    }
    expect(await idsOf(engageAll(client))).toEqual(['p0', 'p1', 'p2', 'p3', 'p4', 'p5', 'p6'])
    expect(most).toBe(4)
    expect(starts).toEqual([0, 1, 2, 3, 4, 5, 6])
  })

  test('come in pages as large as asked for where the vendor does not say how large they are', async () => {
    const sent = { page_size: '2' }
    await using vendor = await startVendor([
      engaged({ body: { page: 0, session_id, total: 3, results: people(1, 2) } }, sent),
      asked(1, later(1, people(3, 1)), sent),
    ])
    await using door = openDoor(vendor)
    expect(await idsOf(door.client.engageAll({ page_size: 2 }))).toEqual(numbered(3))
  })

  test('come up to the page that failed, also where it failed before its turn', async () => {
    const client = {
      async engage({ page = 0 }: { readonly page?: number | undefined } = {}) {
        if (page === 2) throw new UnavailableError('page 2')
        if (page === 1) await new Promise((resolve) => setImmediate(resolve))
        const profiles = [{ distinctId: `p${page}`, properties: {} }]
        return { page, pageSize: 1, total: 4, sessionId: session_id, profiles }
      },
    }
    const { ids, error } = await until(engageAll(client))
    expect(ids).toEqual(['p0', 'p1'])
    expect(error).toEqual(new UnavailableError('page 2'))
  })

  test('are asked for no further once nobody wants more, and what is under way ends', async () => {
    const begun: number[] = []
    const ended: number[] = []
    const client = {
      async engage({ page = 0 }: { readonly page?: number | undefined } = {}, signal?: AbortSignal) {
        begun.push(page)
        const profiles = [{ distinctId: `p${page}`, properties: {} }]
        if (page < 2) return { page, pageSize: 1, total: 100, sessionId: session_id, profiles }
        return await new Promise<never>((_, reject) => {
          signal?.addEventListener('abort', () => {
            setImmediate(() => {
              ended.push(page)
              reject(signal.reason)
            })
          })
        })
      },
    }
    const ids: string[] = []
    for await (const { distinctId } of engageAll(client)) {
      ids.push(distinctId)
      if (ids.length === 2) break
    }
    expect(ids).toEqual(['p0', 'p1'])
    expect(begun).toEqual([0, 1, 2, 3, 4])
    expect(ended).toEqual([2, 3, 4])
  })

  test('whose reader leaves on the first page cost no other', async () => {
    await using vendor = await startVendor([engaged(first(people(1, 2), 100))])
    await using door = openDoor(vendor)
    for await (const { profiles, total } of engagePages(door.client)) {
      expect(profiles).toHaveLength(2)
      expect(total).toBe(100)
      break
    }
  })

  test('are asked for up to as many as are wanted, and fewer of those are no silent loss', async () => {
    await using vendor = await startVendor([
      engaged(first(people(1, 2), 100)),
      asked(1, later(1, people(3, 2))),
      engaged(first(people(1, 2), 100)),
      asked(1, later(1, people(3, 1))),
      // Without a total nothing else tells that these are enough.
      engaged(first(people(1, 2))),
    ])
    await using door = openDoor(vendor)
    const come: number[] = []
    const read = async (most: number) => {
      for await (const { profiles } of engagePages(door.client, {}, undefined, most)) come.push(profiles.length)
    }
    await read(3)
    await expect(read(4)).rejects.toThrow(/100 profiles match and gave 3/)
    await read(2)
    expect(come).toEqual([2, 2, 2, 1, 2])
  })

  test('end with the signal', async () => {
    await using vendor = await startVendor([engaged(first(people(1, 2), 4)), asked(1, { stall: true })])
    await using door = openDoor(vendor)
    const stop = new AbortController()
    vendor.stalled.then(() => stop.abort(new Error('enough')))
    const { ids, error } = await until(engageAll(door.client, {}, stop.signal))
    expect(ids).toEqual(numbered(2))
    expect(error).toHaveProperty('message', 'enough')
  })

  test.each<[string, Expected[], number, RegExp, unknown]>([
    [
      'a page is short before its time',
      [engaged(first(people(1, 2), 5)), asked(1, later(1, people(3, 1))), asked(2, later(2, people(5, 1)))],
      3,
      /5 profiles match and gave 3/,
      UnavailableError,
    ],
    ['page 0 is short', [engaged(first(people(1, 1), 5))], 1, /5 profiles match and gave 1/, UnavailableError],
    [
      'the last page has fewer',
      [engaged(first(people(1, 2), 4)), asked(1, later(1, people(3, 1)))],
      3,
      /4 profiles match and gave 3/,
      UnavailableError,
    ],
    [
      'another page comes than was asked for',
      [engaged(first(people(1, 2), 4)), asked(1, later(0, people(1, 2)))],
      2,
      /the session was lost/,
      UnavailableError,
    ],
    [
      'a page is of another session',
      [engaged(first(people(1, 2), 4)), asked(1, later(1, people(3, 2), { session_id: 'other' }))],
      2,
      /the session was lost/,
      UnavailableError,
    ],
    [
      'the vendor knows the session no more',
      [
        engaged(first(people(1, 2), 4)),
        asked(1, { status: 400, body: { error: 'request for page in uncached query for params' } }),
      ],
      2,
      /uncached query/,
      RefusedError,
    ],
    [
      'there is no session',
      [engaged({ body: { page: 0, page_size: 2, total: 4, results: people(1, 2) } })],
      2,
      /no session to go on with/,
      DataError,
    ],
  ])('never end silently where %s', async (_, expected, came, words, kind) => {
    await using vendor = await startVendor(expected)
    await using door = openDoor(vendor)
    const { ids, error } = await until(engageAll(door.client))
    expect(ids).toEqual(numbered(came))
    expect(error).toBeInstanceOf(kind)
    expect(error).toHaveProperty('message', expect.stringMatching(words))
  })

  test('of behaviors are refused where they need a time that was not given', async () => {
    const behaviors = [{ window: '30d', name: 'behavior_1', event_selectors: [{ event: 'A' }] }]
    const sent = { behaviors: JSON.stringify(behaviors) }
    await using vendor = await startVendor([engaged(first(people(1, 2), 3), sent), engaged(first(people(1, 2), 2), sent)])
    await using door = openDoor(vendor)
    const { ids, error } = await until(engageAll(door.client, { behaviors }))
    expect(ids).toEqual([])
    expect(error).toBeInstanceOf(RefusedError)
    expect(error).toHaveProperty('message', expect.stringContaining('as_of_timestamp'))
    expect(await idsOf(engageAll(door.client, { behaviors }))).toEqual(numbered(2))
  })

  test.each([
    [{ page: 1 }, /there is no parameter `page`/],
    [{ session_id: 's' }, /there is no parameter `session_id`/],
    [{ include_all_users: true }, /include_all_users is of filter_by_cohort/],
  ])('are not asked for with %j', async (parameters, words) => {
    await using vendor = await startVendor([])
    await using door = openDoor(vendor)
    const { error } = await until(engageAll(door.client, parameters as object))
    expect(error).toBeInstanceOf(UsageError)
    expect(error).toHaveProperty('message', expect.stringMatching(words))
  })
})

describe('an annotation is moved', () => {
  const path = '/api/app/projects/1234567/annotations'
  const old = { id: 17, date: '2026-11-02 08:00:00', description: 'Größe "alt"', tags: [{ id: 3, name: 'release' }] }
  const date = '2026-11-09 08:00:00'
  const read: Expected = { path: `${path}/17`, answer: { body: { status: 'ok', results: old } } }
  const made = (
    json: object,
    answer: Payload = { status: 201, body: { status: 'ok', results: { ...old, ...json, id: 18, tags: [] } } },
  ) => ({
    method: 'POST',
    path,
    json,
    answer,
  })
  const gone = (answer: Payload = { body: { status: 'ok', results: { id: 17 } } }) => ({
    method: 'DELETE',
    path: `${path}/17`,
    answer,
  })
  const kept = { date, description: 'Größe "alt"', tags: [3] }

  async function move(parameters: object, expected: readonly Expected[], signal?: AbortSignal): Promise<unknown> {
    await using vendor = await startVendor(expected)
    await using door = openDoor(vendor)
    return await door.client.annotationsMove({ id: 17, date, ...parameters }, signal)
  }

  test('by a new one with the same words and tags, and the old one deleted', async () => {
    expect(await move({}, [read, made(kept), gone()])).toEqual({
      id: '18',
      replaced: '17',
      annotation: { id: '18', date, description: 'Größe "alt"', user: undefined, tags: [] },
    })
  })

  test.each<[object, object]>([
    [{ description: 'neu' }, { date, description: 'neu', tags: [3] }],
    [{ tags: [] }, { date, description: 'Größe "alt"', tags: [] }],
    [
      { description: 'neu', tags: [4, 5] },
      { date, description: 'neu', tags: [4, 5] },
    ],
  ])('with other words or tags: %j', async (change, sent) => {
    expect(await move(change, [read, made(sent), gone()])).toMatchObject({ id: '18', replaced: '17' })
  })

  test('also where its deletion was done by a try that got no answer', async () => {
    const lost = gone({ cutAfter: 0, body: 'x' })
    expect(await move({}, [read, made(kept), lost, gone({ status: 404, body: { error: 'not found' } })])).toMatchObject({
      id: '18',
    })
  })

  test.each<[string, Payload[], unknown]>([
    ['is not allowed', [{ status: 403, body: { error: 'role' } }], CredentialError],
    ['is refused', [{ status: 400, body: { error: 'no' } }], RefusedError],
    ['does not fit', [{ body: { status: 'ok', results: [] } }], DataError],
    ['has to wait', [{ status: 429, headers: { 'retry-after': '3600' } }], WaitError],
    ['fails', Array<Payload>(4).fill({ status: 500 }), UnavailableError],
  ])('by halves where the deletion %s, and the error says which two exist', async (_, answers, kind) => {
    const error = await move({}, [read, made(kept), ...answers.map(gone)]).catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(kind)
    expect(error).toHaveProperty(
      'message',
      expect.stringMatching(/^annotations 17 and 18 now both exist, as 17 could not be deleted: /),
    )
  })

  test.each<[string, Payload, unknown, RegExp]>([
    ['is refused', { status: 400, body: { error: 'no such tag' } }, RefusedError, /^POST .* 400: no such tag$/],
    [
      'gets no answer',
      { cutAfter: 0, body: 'x' },
      UnavailableError,
      /^annotation 17 stands as it was, and a new one .* may stand/,
    ],
    ['gets another answer', { status: 201, body: {} }, DataError, /^annotation 17 stands as it was, and a new one .* may stand/],
  ])('never by a deletion alone: the creation %s', async (_, answer, kind, words) => {
    const error = await move({}, [read, made(kept, answer)]).catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(kind)
    expect(error).toHaveProperty('message', expect.stringMatching(words))
  })

  test('not at all where it is not there', async () => {
    await expect(move({}, [{ path: `${path}/17`, answer: { status: 404, body: { error: 'gone' } } }])).rejects.toThrow(
      RefusedError,
    )
  })

  test('not at all where the signal came while it was read', async () => {
    const stop = new AbortController()
    const calls: string[] = []
    const moved = annotationsMove(
      {
        async annotation() {
          stop.abort(new Error('enough'))
          return { id: '17', date: old.date, description: old.description, user: undefined, tags: [] }
        },
        async annotationsCreate(words) {
          calls.push('create')
          return { id: '18', user: undefined, ...words, tags: [] }
        },
        async annotationsDelete() {
          calls.push('delete')
          return { id: '17' }
        },
      },
      { id: 17, date },
      stop.signal,
    )
    await expect(moved).rejects.toThrow('enough')
    expect(calls).toEqual([])
  })

  test('not at all where the signal came first', async () => {
    await expect(move({}, [], AbortSignal.abort(new Error('enough')))).rejects.toThrow('enough')
  })

  test.each([
    [{ date: '2026-11-09' }, /2026-11-09 08:00:00/],
    [{ date: '2026-02-30 08:00:00' }, /no such day/],
    [{ id: 'x' }, /digits only/],
    [{ tags: ['release'] }, /`tags\[0\]` is a number, not text/],
    [{ text: 'x' }, /there is no parameter `text`/],
  ])('and nothing is sent with %j', async (change, words) => {
    const error = await move(change, []).catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(UsageError)
    expect(error).toHaveProperty('message', expect.stringMatching(words))
  })
})
