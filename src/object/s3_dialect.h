// S3's requests and what its replies mean. Rules: "Amazon S3 API reference"; "Error responses".
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "object/dialect.h"
#include "object/s3_place.h"

namespace gopouch::object {

// REQUIRES: a region, or an endpoint.
std::unique_ptr<const Dialect> make_s3_dialect(S3Place place);

// What the reply means; `place` only for what it teaches and for its name.
Judgement judge_s3(const S3Place& place, const Operation& operation, const net::Reply& reply);

}  // namespace gopouch::object
