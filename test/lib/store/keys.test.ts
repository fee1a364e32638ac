import { Temporal } from 'temporal-polyfill'
import { describe, expect, test } from 'vitest'
import { limitKey, mailClaimKey, runFolder, runKeys } from '../../../lib/store/keys.ts'
import { checkKey } from '../../../lib/store/store.ts'

const monday = Temporal.Instant.from('2026-11-16T08:00:00+01:00')

describe('the keys of a run', () => {
  test('are what consumers were promised', () => {
    const keys = runKeys('weekly-growth', monday, 1)
    expect({ ...keys, json: keys.json('signups'), csv: keys.csv('signups'), png: keys.png('signups') }).toEqual({
      run: 'weekly-growth/20261116T070000Z',
      attempt: 1,
      folder: 'reports/weekly-growth/20261116T070000Z/',
      json: 'reports/weekly-growth/20261116T070000Z/signups.json',
      csv: 'reports/weekly-growth/20261116T070000Z/signups.csv',
      png: 'reports/weekly-growth/20261116T070000Z/signups.png',
      html: 'reports/weekly-growth/20261116T070000Z/email.html',
      eml: 'reports/weekly-growth/20261116T070000Z/email.eml',
      manifest: 'reports/weekly-growth/20261116T070000Z/manifest.json',
      latest: 'reports/weekly-growth/latest.json',
      rows: 'results/weekly-growth/20261116T070000Z.parquet',
      claim: 'claims/runs/weekly-growth/20261116T070000Z.json',
      settled: 'claims/settled/weekly-growth/20261116T070000Z.json',
    })
  })

  test('are keys of the store', () => {
    const { folder, json, csv, png, run: _run, attempt: _attempt, ...plain } = runKeys('w', monday, 12)
    for (const key of [...Object.values(plain), json('q'), csv('q'), png('q'), `${folder}x`]) expect(checkKey(key)).toBe(key)
  })

  test('of another attempt lie beside the first, apart from latest', () => {
    const [first, second] = [runKeys('weekly', monday, 1), runKeys('weekly', monday, 2)]
    expect(runFolder('weekly', monday, 2)).toBe('reports/weekly/20261116T070000Z-2')
    expect(second.run).toBe('weekly/20261116T070000Z-2')
    expect(second.rows).toBe('results/weekly/20261116T070000Z-2.parquet')
    expect(second.manifest.startsWith(first.folder)).toBe(false)
    expect(second.claim).not.toBe(first.claim)
    expect(second.latest).toBe(first.latest)
  })

  test.each(['', 'Weekly', 'a/b', '../a', '-a', 'a.b', 'wöchentlich'])('no report or query is called %j', (name) => {
    expect(() => runKeys(name, monday, 1)).toThrow(RangeError)
    expect(() => runKeys('weekly', monday, 1).csv(name)).toThrow(RangeError)
    expect(() => mailClaimKey(name, monday, 1, 'a@example.com', 'report')).toThrow(RangeError)
  })

  test('a query cannot take the place of the manifest', () => {
    expect(() => runKeys('weekly', monday, 1).json('manifest')).toThrow(RangeError)
  })

  test.each([0, -1, 1.5, Number.NaN])('there is no attempt %d', (attempt) => {
    expect(() => runFolder('weekly', monday, attempt)).toThrow(RangeError)
  })
})

describe('the key of a mail’s claim', () => {
  const key = (recipient: string, purpose = 'report', attempt = 1) => mailClaimKey('weekly', monday, attempt, recipient, purpose)

  test('holds a hash of the recipient, never the address', () => {
    // printf '["ann@example.com","report"]' | sha256sum
    const hash = '87eda8fe5b510c55b633ba66274208a4c206ce689e089f564325cb5ca626d1b1'
    expect(key('ann@example.com')).toBe(`claims/mail/weekly/20261116T070000Z/${hash}.json`)
  })

  test('is one per address, however it is written', () => {
    expect(key('Ann <Ann@Example.com>')).toBe(key('ann@example.com'))
    expect(key('"Ann, Growth" <ann@example.com> ')).toBe(key(' ann@example.com'))
    expect(key('anne@example.com')).not.toBe(key('ann@example.com'))
  })

  test('is of a mailbox only, and what is none is not repeated', () => {
    for (const recipient of ['ann', 'ann@example.com, bo@example.com', 'Ann <ann>']) {
      expect(() => key(recipient)).toThrow(new RangeError('a recipient of a report is no mailbox'))
    }
  })

  test('is another for each purpose and attempt, so a trial never takes the readers’ mail', () => {
    expect(new Set([key('ann@example.com'), key('ann@example.com', 'trial'), key('ann@example.com', 'report', 2)]).size).toBe(3)
  })
})

describe('the key of a limit', () => {
  test('is named after the limit, whatever the project’s id looks like', () => {
    for (const name of ['mixpanel-eu-1234567-query', '2b6a-11', 'x']) {
      expect(checkKey(limitKey(name))).toBe(`state/limits/${name}.json`)
    }
  })

  test.each(['', 'Mixpanel', 'a/b', '../a', '-a', 'a.b', 'a_b', 'a b', 'zürich', 'a\n'])('no limit is called %j', (name) => {
    expect(() => limitKey(name)).toThrow(RangeError)
  })
})
