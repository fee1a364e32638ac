import { good } from '../door.ts'
import { answersAll } from '../exchange.ts'

const ok = good({ errors: [] })

answersAll("the vendor's Python client", [
  {
    sdk: 'catalog.create_catalog',
    request: 'POST data/catalogs',
    json: {
      name: 'shoes',
      fields: [{ name: 'size' }, { name: 'price', type: 'number', searchable: true }],
      is_product_catalog: true,
    },
    answer: good({ id: '5bfa0b5' }),
    use: (client) =>
      client.catalogCreate({
        name: 'shoes',
        fields: ['size', { name: 'price', type: 'number', searchable: true }],
        is_product_catalog: true,
      }),
    gives: { id: '5bfa0b5' },
  },
  {
    sdk: 'catalog.get_catalog_name',
    request: 'GET data/catalogs/5b69de5b',
    answer: good({ data: { id: '5b69de5b', name: 'shoes' } }),
    use: (client) => client.catalogName({ catalog_id: '5b69de5b' }),
    gives: { id: '5b69de5b', name: 'shoes' },
  },
  {
    sdk: 'catalog.get_catalog_items',
    request: 'GET data/catalogs/5b69de5b/items',
    query: { query: 'red & blue', field: 'colour', count: '2', skip: '4', order: 'price desc,name asc' },
    answer: good({
      data: [{ catalog_id: '5b69de5b', item_id: '1', properties: { one: 'foo', two: 'bar' } }],
      limit: 2,
      matched: 5,
      matched_limited: false,
      skip: 4,
      total: 90,
    }),
    use: (client) =>
      client.catalogItems({
        catalog_id: '5b69de5b',
        query: 'red & blue',
        field: 'colour',
        count: 2,
        skip: 4,
        order: 'price desc,name asc',
      }),
    gives: {
      items: [{ itemId: '1', properties: { one: 'foo', two: 'bar' } }],
      limit: 2,
      skip: 4,
      matched: 5,
      matchedLimited: false,
      total: 90,
    },
  },
  {
    sdk: 'catalog.update_catalog_name',
    request: 'PUT data/catalogs/5b69de5b',
    json: { name: 'boots', fields: [{ name: 'size' }, { name: 'price' }] },
    answer: ok,
    use: (client) => client.catalogUpdate({ catalog_id: '5b69de5b', name: 'boots', fields: ['size', 'price'] }),
    gives: true,
  },
  {
    sdk: 'catalog.create_catalog_item',
    request: 'PUT data/catalogs/5b69de5b/items/1',
    json: { properties: { size: 41, tags: ['a', 'b'], gone: null } },
    answer: ok,
    use: (client) =>
      client.catalogItemCreate({ catalog_id: '5b69de5b', item_id: '1', properties: { size: 41, tags: ['a', 'b'], gone: null } }),
    gives: true,
  },
  {
    sdk: 'catalog.update_catalog_item',
    request: 'POST data/catalogs/5b69de5b/items/1/partial-update',
    json: { properties: { size: 42 }, upsert: true },
    answer: ok,
    use: (client) => client.catalogItemUpdate({ catalog_id: '5b69de5b', item_id: '1', properties: { size: 42 }, upsert: true }),
    gives: true,
  },
  {
    sdk: 'catalog.delete_catalog_item',
    request: 'DELETE data/catalogs/5b69de5b/items/1',
    answer: ok,
    use: (client) => client.catalogItemDelete({ catalog_id: '5b69de5b', item_id: '1' }),
    gives: true,
  },
  {
    sdk: 'catalog.delete_catalog_items',
    request: 'DELETE data/catalogs/5b69de5b/items',
    answer: ok,
    use: (client) => client.catalogItemsDelete({ catalog_id: '5b69de5b', everything: true }),
    gives: true,
  },
  {
    sdk: 'catalog.delete_catalog',
    request: 'DELETE data/catalogs/5b69de5b',
    answer: ok,
    use: (client) => client.catalogDelete({ catalog_id: '5b69de5b' }),
    gives: true,
  },
])

answersAll('newer documentation', [
  {
    sdk: 'bulk replacement of items',
    request: 'PUT data/catalogs/c/items',
    json: [{ item_id: 'a/1', properties: { size: 1 } }],
    answer: { body: [{ success: true, queued: true }] },
    use: (client) => client.catalogItemsBulkReplace({ catalog_id: 'c', items: [{ item_id: 'a/1', properties: { size: 1 } }] }),
    gives: { failed: 0, results: [{ success: true, errors: [], queued: true }] },
  },
  {
    sdk: 'bulk partial update of items',
    request: 'POST data/catalogs/c/items/partial-update',
    json: [
      { item_id: '1', properties: { size: 1 }, upsert: true },
      { item_id: '2', properties: { nope: 1 } },
      { item_id: '3', properties: { size: 3 } },
    ],
    answer: {
      body: [
        { success: true, queued: true },
        { success: 'False', queued: 'False', errors: { properties: ["Fields ['nope'] are not properly defined."] } },
        { success: true },
      ],
    },
    use: (client) =>
      client.catalogItemsBulkUpdate({
        catalog_id: 'c',
        items: [
          { item_id: '1', properties: { size: 1 }, upsert: true },
          { item_id: '2', properties: { nope: 1 } },
          { item_id: '3', properties: { size: 3 } },
        ],
      }),
    gives: {
      failed: 1,
      results: [
        { success: true, errors: [], queued: true },
        { success: false, errors: ["properties: Fields ['nope'] are not properly defined."], queued: false },
        { success: true, errors: [], queued: undefined },
      ],
    },
  },
  {
    sdk: 'bulk deletion of items',
    request: 'DELETE data/catalogs/c/items/bulk-delete',
    json: ['1', '2'],
    answer: {
      body: [
        { success: true, queued: true },
        { success: false, queued: false, errors: { _global: ['Malformed item id. Item id should be a string'] } },
      ],
    },
    use: (client) => client.catalogItemsBulkDelete({ catalog_id: 'c', items: ['1', '2'] }),
    gives: {
      failed: 1,
      results: [
        { success: true, errors: [], queued: true },
        { success: false, errors: ['Malformed item id. Item id should be a string'], queued: false },
      ],
    },
  },
])
