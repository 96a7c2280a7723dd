# Jobs of myproject read what lies in the folder of their own environment.
path "ops/data/${environment}/*" {
  capabilities = ["read"]
}
