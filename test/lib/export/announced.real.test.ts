import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { S3Client } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { exportWindow } from '../../../lib/export/window.ts'
import { openStore } from '../../../lib/store/open.ts'
import { realServer } from '../../servers/launch.ts'
import type { MotoServer } from '../../servers/moto.ts'
import { startMoto } from '../../servers/moto.ts'
import { exportingIn, monday } from './exporting.ts'

/** A rule of EventBridge with the readme's pattern hears of manifests, and of nothing else. */
let moto: MotoServer
beforeAll(async () => {
  moto = await startMoto()
})
afterAll(() => moto.stop())

const prepare = `
import boto3, sys
s3, sqs, events = (boto3.client(name) for name in ("s3", "sqs", "events"))
s3.create_bucket(Bucket="lake")
s3.put_bucket_notification_configuration(Bucket="lake", NotificationConfiguration={"EventBridgeConfiguration": {}})
queue = sqs.create_queue(QueueName="heard")["QueueUrl"]
arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
events.put_rule(Name="manifests", EventPattern=sys.argv[1])
events.put_targets(Rule="manifests", Targets=[{"Id": "queue", "Arn": arn}])
`
const hear = `
import boto3, json
sqs = boto3.client("sqs")
queue = sqs.get_queue_url(QueueName="heard")["QueueUrl"]
heard = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
print(json.dumps([json.loads(one["Body"])["detail"]["object"]["key"] for one in heard]))
`

async function python(script: string, ...args: string[]): Promise<string> {
  const env = { ...process.env, ...moto.env, AWS_DEFAULT_REGION: 'us-east-1' }
  return (await promisify(execFile)(realServer('venv/bin/python'), ['-c', script, ...args], { env })).stdout
}

test('a window is announced once it is whole', async () => {
  const readme = await readFile(join(import.meta.dirname, '..', '..', '..', 'lib', 'export', 'readme.md'), 'utf8')
  const [, pattern = ''] = /```json\n(.*?)```/s.exec(readme) ?? []
  expect(JSON.parse(pattern)).toHaveProperty('detail')
  await python(prepare, pattern.replace('<bucket>', 'lake'))
  const s3 = new S3Client({
    endpoint: moto.endpoint,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  })
  const exporting = await exportingIn(openStore('s3://lake', s3), { lines: ['{"event":"Sign Up","properties":{}}'] })
  const { state, manifest } = await exportWindow(exporting, monday)
  expect([state, manifest.objects.length]).toEqual(['kept', 2])
  expect(JSON.parse(await python(hear))).toEqual(['exports/events/manifests/2026-11-09.json'])
  s3.destroy()
})
