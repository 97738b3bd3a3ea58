"""What Google's own library sends to get a token: google-auth, told by the environment. Prints the token.

google_oracle.py [SCOPE]: without a scope the credentials' own.
"""

import json
import os
import sys

import google.auth
import google.auth.external_account
import google.auth.transport.requests

# Whose project it is would be asked of another service, which is not on loopback.
google.auth.external_account.Credentials.get_project_id = lambda self, request: None

scopes = sys.argv[1:] or None
path = os.environ.get("GOOGLE_APPLICATION_CREDENTIALS")
if path:
    credentials, _ = google.auth.load_credentials_from_file(path, scopes=scopes)
    with open(path, encoding="utf-8") as file:
        info = json.load(file)
    if info["type"] == "authorized_user":
        credentials._token_uri = info["token_uri"]  # which it does not read for this kind
    if info["type"] == "impersonated_service_account":
        credentials._iam_endpoint_override = info["service_account_impersonation_url"]
else:
    credentials, _ = google.auth.default(scopes=scopes)
credentials.refresh(google.auth.transport.requests.Request())
print(credentials.token)
