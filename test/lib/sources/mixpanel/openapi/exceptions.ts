/** A problem that the files find in our requests, and why it is theirs. */
export interface Exception {
  /** As `judge` prints it. */
  readonly problem: string
  readonly reason: string
}

function each(problems: readonly string[], reason: string): Exception[] {
  return problems.map((problem) => ({ problem, reason }))
}

/** A test fails for any of them that no request meets any more. */
export const exceptions: readonly Exception[] = [
  ...each(
    ['GET /funnels/list project_id: missing', 'GET /nessie/pipeline/jobs project_id: missing'],
    'its own words want it with a service account; a project secret is of one project, and is refused beside it',
  ),
  {
    problem: 'GET /export ServiceAccount: no way in',
    reason: 'the page beside the file has service accounts, too, and its own words say what they need',
  },
  {
    problem: 'GET /export workspace_id: not documented',
    reason: 'the documentation of service accounts wants it for projects with Data Views',
  },
  ...each(
    ['GET /events', 'GET /events/properties'].flatMap((label) => [`${label} from_date: missing`, `${label} to_date: missing`]),
    'its own words: either interval, or from_date and to_date',
  ),
  ...each(
    ['GET /events/names from_date: not documented', 'GET /events/names to_date: not documented'],
    'the server takes them, and public clients of 2026 send them',
  ),
  ...each(
    ['GET /events/properties/values bucket: not documented', 'GET /segmentation/numeric buckets: not documented'],
    'the oldest clients have it',
  ),
  {
    problem: 'POST /engage behaviors: must be integer',
    reason: 'it holds selectors of events, as its own words say; public clients send a JSON array',
  },
  {
    problem: 'POST /engage page_size: not documented',
    reason: 'answers have it, and public clients send it: 1,000 on a page take hours for large projects',
  },
  {
    problem: 'POST /nessie/pipeline/create s3-raw from_date: missing',
    reason: 'its own words: a trial begins with the day before',
  },
  {
    problem: 'POST /nessie/pipeline/create gcs-schema schema_type: missing',
    reason: 'its own words: schema_type is not for data_source people',
  },
  {
    problem: 'POST /nessie/pipeline/edit body: fits several of the shapes, of which oneOf wants one',
    reason: 'nothing in an edit says which type it is for, and several types have the same shape: anyOf is meant',
  },
]

/** Calls that are in none of the files: what the files then find, and how each was checked instead. */
export const uncovered: Readonly<Record<string, { readonly problems: readonly string[]; readonly checked: string }>> = {
  segmentationMultiseg: {
    problems: ['GET /api/2.0/segmentation/multiseg: no such operation'],
    checked: 'by the oldest public client, and the addresses that public code of later years asks',
  },
  insightsQuery: {
    problems: ['POST /api/query/insights: no such operation'],
    checked: "by the code of the vendor's own headless client",
  },
  savedFunnel: {
    problems: ['GET /funnels from_date: missing', 'GET /funnels to_date: missing'],
    checked: 'by the code of public clients of 2026',
  },
  savedRetention: {
    problems: [
      'GET /retention from_date: missing',
      'GET /retention to_date: missing',
      'GET /retention bookmark_id: not documented',
    ],
    checked: 'by the code of public clients of 2026',
  },
  savedFlows: {
    problems: ['GET /api/query/arb_funnels: no such operation'],
    checked: 'by the code of public clients of 2026',
  },
}

/** Where a documented value or bound is not ours, or one of ours is not documented. */
export const otherValues: readonly Exception[] = [
  {
    problem: 'GET /events/names limit: up to 5000 in lieu of any number',
    reason: 'the server gives no more, as public clients of 2026 found',
  },
  ...each(
    ['bigquery', 'snowflake', 'aws', 'azure-blob', 'gcs-schema'].map(
      (type) => `POST /nessie/pipeline/create ${type} sync: false is not documented`,
    ),
    'older forms have it; a form of today is refused with it',
  ),
]
