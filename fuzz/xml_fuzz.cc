// S3's answers: whatever they say, sizes are sizes, keys are ours to ask for, messages are one
// bounded line.

#include "fuzz/check.h"
#include "object/s3_dialect.h"
#include "object/xml.h"

namespace {

using namespace gopouch::object;

S3Place place() {
  S3Place place;
  place.bucket = "bucket";
  place.prefix = "ci/";
  place.region = "eu-west-1";
  return place;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(data, data + size);
  if (const auto page = parse_page(text)) {
    for (const XmlObject& object : page->objects) {
      check(!object.key.empty() && object.key.find('\0') == std::string::npos && object.size >= 0);
    }
  }
  (void)parse_upload_id(text);
  if (const auto left = parse_removal(text)) {
    std::vector<std::string> keys;
    for (const XmlError& error : *left) keys.push_back(error.key);
    check(!removal_request(keys).empty());
  }

  static const auto dialect = make_s3_dialect(place());
  gopouch::net::Reply reply;
  reply.body = text;
  for (const Op op : {Op::kGet, Op::kPut, Op::kList, Op::kRemoveAll, Op::kJoinParts}) {
    const Operation operation{.op = op, .key = "v1/"};
    for (const int status : {200, 400, 403, 404, 503}) {
      reply.status = status;
      const Judgement judgement = dialect->judge(operation, reply);
      check_line(judgement.error.message);
      check_line(judgement.hint);
    }
    if (const auto page = dialect->read_page(operation, text)) {
      for (const Info& info : page->objects) check(info.key.starts_with("v1/"));
    }
  }
  return 0;
}
