import { startVersitygw } from '../servers/versitygw.ts'
import { exportBundleSuite } from './export-bundle.suite.ts'

// Windows of three parts each.
exportBundleSuite('versitygw', startVersitygw, 20_000_000)
