import { commands } from '../../../../../lib/sources/exponea/client.ts'
import { good } from '../door.ts'
import { answersAll } from '../exchange.ts'

const ids = { registered: 'ann@example.com' }
const ok = good({ errors: [] })

answersAll("the vendor's Python client", [
  {
    sdk: 'tracking.get_system_time',
    request: 'GET track/system/time',
    answer: good({ errors: [], time: 1_533_663_283.8943756 }),
    use: (client) => client.systemTime(),
    gives: 1_533_663_283.8943756,
  },
  {
    sdk: 'tracking.update_customer_properties',
    request: 'POST track/customers',
    json: { customer_ids: ids, properties: { first_name: 'Ann' }, update_timestamp: 1_700_000_000 },
    answer: ok,
    use: (client) =>
      client.updateCustomerProperties({
        customer_ids: ids,
        properties: { first_name: 'Ann' },
        update_timestamp: 1_700_000_000,
      }),
    gives: true,
  },
  {
    sdk: 'tracking.add_event',
    request: 'POST track/customers/events',
    json: { customer_ids: ids, event_type: 'purchase', properties: { total: 9.5 }, timestamp: null },
    answer: ok,
    use: (client) => client.trackEvent({ customer_ids: ids, event_type: 'purchase', properties: { total: 9.5 } }),
    gives: true,
  },
  {
    sdk: 'tracking.batch_commands',
    request: 'POST track/batch',
    json: {
      commands: [
        {
          name: 'customers/events',
          data: { customer_ids: ids, event_type: 'visit', properties: {}, timestamp: 1_533_495_544.5 },
        },
        { name: 'customers', data: { customer_ids: ids, properties: { first_name: 'Ann' } }, command_id: 'second' },
        { name: 'system/time' },
      ],
    },
    answer: good({
      results: [{ success: true }, { success: true, command_id: 'second' }, { success: true, time: 1_533_833_360.2316685 }],
      start_time: 1_533_833_360.2316685,
      end_time: 1_533_833_360.2545092,
    }),
    use: (client) =>
      client.batch({
        commands: [
          commands.event({ customer_ids: ids, event_type: 'visit', timestamp: 1_533_495_544.5 }),
          commands.customer({ customer_ids: ids, properties: { first_name: 'Ann' } }, 'second'),
          commands.systemTime(),
        ],
      }),
    gives: {
      success: true,
      failed: 0,
      results: [
        { success: true, errors: [], commandId: undefined, time: undefined },
        { success: true, errors: [], commandId: 'second', time: undefined },
        { success: true, errors: [], commandId: undefined, time: 1_533_833_360.2316685 },
      ],
      startTime: 1_533_833_360.2316685,
      endTime: 1_533_833_360.2545092,
    },
  },
])
