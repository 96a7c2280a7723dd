# All that an apply asks of the server. It reads no secret and disables no mount, which would destroy its roles and tokens.
#
# What remains: whoever may write a policy and a role that names it can give themselves any access, so this policy is as
# powerful as root. The names keep it from overwriting other teams' policies; that nobody else gets it is the business of
# the role "vaultwright-apply", which is bound to the protected main branch.

# Which auth mounts there are, and how they are tuned.
path "sys/auth" {
  capabilities = ["read"]
}

# Enabling the second mount, which needs sudo. The first one can be enabled by an operator only: without it nobody gets
# this policy.
path "sys/auth/jwt_cwiq" {
  capabilities = ["update", "sudo"]
}

# Tuning: this path does what sys/auth/<mount>/tune does, without sudo.
path "sys/mounts/auth/jwt/tune" {
  capabilities = ["update"]
}

path "sys/mounts/auth/jwt_cwiq/tune" {
  capabilities = ["update"]
}

# Which policies there are. The second one gives their texts as well, of those that may be read; OpenBao has it.
path "sys/policies/acl" {
  capabilities = ["list"]
}

path "sys/policies/detailed/acl" {
  capabilities = ["list"]
}

# The policies that the environments own. The server calls creating one an update, too.
path "sys/policies/acl/build-token" {
  capabilities = ["read", "update", "delete"]
}

path "sys/policies/acl/nexus-ci" {
  capabilities = ["read", "update", "delete"]
}

path "sys/policies/acl/myproject-*" {
  capabilities = ["read", "update", "delete"]
}

path "sys/policies/acl/vaultwright-*" {
  capabilities = ["read", "update", "delete"]
}

# The mount "jwt": its issuer and its roles.
path "auth/jwt/config" {
  capabilities = ["read", "update"]
}

path "auth/jwt/role" {
  capabilities = ["list"]
}

path "auth/jwt/role/*" {
  capabilities = ["create", "read", "update", "delete"]
}

# The same of the mount "jwt_cwiq".
path "auth/jwt_cwiq/config" {
  capabilities = ["read", "update"]
}

path "auth/jwt_cwiq/role" {
  capabilities = ["list"]
}

path "auth/jwt_cwiq/role/*" {
  capabilities = ["create", "read", "update", "delete"]
}

# The token ends with the job that got it. The policy "default" would allow this, and more.
path "auth/token/revoke-self" {
  capabilities = ["update"]
}
