import { all, good } from '../door.ts'
import { answersAll } from '../exchange.ts'

const ids = { registered: 'ann@example.com' }
const ok = good({ errors: [] })

answersAll("the vendor's Python client", [
  {
    sdk: 'customer.get_customer',
    request: 'POST data/customers/export-one',
    json: { customer_ids: ids },
    answer: good({
      ids: { registered: 'ann@example.com', cookie: ['c1', 'c2'] },
      properties: { first_name: 'Ann', last_name: null },
      events: [{ type: 'test', timestamp: 1_533_495_544.343536, properties: { foo: 'bar' } }],
    }),
    use: (client) => client.customer({ customer_ids: ids }),
    gives: {
      ids: { registered: 'ann@example.com', cookie: ['c1', 'c2'] },
      properties: { first_name: 'Ann', last_name: null },
      events: [{ type: 'test', timestamp: 1_533_495_544.343536, properties: { foo: 'bar' } }],
    },
  },
  {
    sdk: 'customer.get_customer_consents',
    request: 'POST data/customers/attributes',
    json: {
      customer_ids: ids,
      attributes: [
        { type: 'consent', category: 'newsletter' },
        { type: 'consent', category: 'sms' },
      ],
    },
    answer: good({
      results: [
        { success: true, value: false },
        { success: false, error: 'No permission' },
      ],
    }),
    use: (client) => client.customerConsents({ customer_ids: ids, categories: ['newsletter', 'sms'] }),
    gives: {
      consents: { newsletter: false, sms: null },
      failed: [{ type: 'consent', name: 'sms', errors: ['No permission'] }],
    },
  },
  {
    sdk: 'customer.get_customer_attributes',
    request: 'POST data/customers/attributes',
    json: {
      customer_ids: ids,
      attributes: [
        { type: 'property', property: 'first_name' },
        { type: 'property', property: 'last_name' },
        { type: 'segmentation', id: 'segm_id' },
        { type: 'id', id: 'cookie' },
        { type: 'expression', id: 'expr_id' },
        { type: 'aggregate', id: 'agg_id' },
        { type: 'prediction', id: 'pred_id' },
      ],
    },
    answer: good({
      results: [
        { success: true, value: 'Ann' },
        { success: true, value: null },
        { success: true, value: 'not_bought' },
        { success: true, value: ['123'] },
        { success: true, value: 0 },
        { success: true, value: 12.5 },
        { success: true, value: false },
      ],
    }),
    use: (client) =>
      client.customerAttributes({
        customer_ids: ids,
        predictions: ['pred_id'],
        aggregations: ['agg_id'],
        expressions: ['expr_id'],
        ids: ['cookie'],
        segmentations: ['segm_id'],
        properties: ['first_name', 'last_name'],
      }),
    gives: {
      properties: { first_name: 'Ann', last_name: null },
      segmentations: { segm_id: 'not_bought' },
      ids: { cookie: ['123'] },
      expressions: { expr_id: 0 },
      aggregations: { agg_id: 12.5 },
      predictions: { pred_id: false },
      failed: [],
    },
  },
  {
    sdk: 'customer.get_customers',
    request: 'POST data/customers/export',
    json: { format: 'native_json' },
    answer: good({
      fields: [
        { type: 'id', id: 'registered' },
        { type: 'id', id: 'cookie' },
        { type: 'property', property: 'first_name' },
      ],
      data: [
        ['ann', ['c1'], 'Ann'],
        ['bob', [], null],
      ],
    }),
    use: (client) => all(client.customersEach()),
    gives: [
      { ids: { registered: 'ann', cookie: ['c1'] }, properties: { first_name: 'Ann' } },
      { ids: { registered: 'bob', cookie: [] }, properties: { first_name: null } },
    ],
  },
  {
    sdk: 'customer.get_events',
    request: 'POST data/customers/events',
    json: { customer_ids: ids, event_types: ['visit', 'purchase'], order: 'desc', limit: 3, skip: 100 },
    answer: good({
      data: [
        { type: 'visit', timestamp: 1_533_495_529.9268496, properties: { test: 'foo' } },
        { type: 'visit', timestamp: 1_533_495_520, properties: {} },
      ],
    }),
    use: (client) =>
      client.customerEvents({ customer_ids: ids, event_types: ['visit', 'purchase'], order: 'desc', limit: 3, skip: 100 }),
    gives: [
      { type: 'visit', timestamp: 1_533_495_529.9268496, properties: { test: 'foo' } },
      { type: 'visit', timestamp: 1_533_495_520, properties: {} },
    ],
  },
  {
    sdk: 'customer.anonymize_customer',
    request: 'POST data/customers/anonymize',
    json: { customer_ids: ids },
    answer: ok,
    use: (client) => client.customerAnonymize({ customer_ids: ids }),
    gives: true,
  },
])

answersAll('newer documentation', [
  {
    sdk: 'bulk anonymization',
    request: 'POST data/customers/anonymize_bulk',
    json: { customers: [{ customer_ids: ids }, { internal_id: '57e99c7b' }] },
    answer: good({ bulk_id: 'b-17' }),
    use: (client) => client.customersAnonymize({ customers: [{ customer_ids: ids }, { internal_id: '57e99c7b' }] }),
    gives: { bulkId: 'b-17' },
  },
  {
    sdk: 'attributes by position',
    request: 'POST data/customers/attributes',
    json: {
      customer_ids: ids,
      attributes: [
        { type: 'aggregate', id: 'a' },
        { type: 'id', id: 'cookie' },
      ],
    },
    answer: good({
      results: [
        { success: false, errors: ['gone'] },
        { success: true, value: 0 },
      ],
    }),
    use: (client) =>
      client.attributes({
        customer_ids: ids,
        attributes: [
          { type: 'aggregate', id: 'a' },
          { type: 'id', id: 'cookie' },
        ],
      }),
    gives: {
      results: [
        { success: false, errors: ['gone'], value: null },
        { success: true, errors: [], value: 0 },
      ],
    },
  },
])
