/** Where a credential is kept, which is all that a project file holds of it: `ssm:/name`, `secretsmanager:name` or `env:NAME`. */
export const credentialReference = /^(?:ssm:\/|secretsmanager:|env:)\S+$/
