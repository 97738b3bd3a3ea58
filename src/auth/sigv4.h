// Signature Version 4 for any of AWS's services; auth.h's sign_aws is its face.
#pragma once

#include <string_view>

#include "auth/auth.h"

namespace gopouch::auth {

inline constexpr std::string_view kTokenHeader = "x-amz-security-token";
inline constexpr std::string_view kSessionTokenHeader = "x-amz-s3session-token";

// As sign_aws, but the caller says which header carries the session token: CreateSession belongs to
// the service "s3express" and yet takes the token of whoever asks for the session.
void sign_with(net::Request& request, const AwsCredentials& credentials, const AwsScope& scope,
               std::string_view payload, std::string_view token_header);

}  // namespace gopouch::auth
