import { startS3 } from '../servers/s3.ts'
import { exportBundleSuite } from './export-bundle.suite.ts'

exportBundleSuite('a stand-in from npm', startS3, 200_000)
