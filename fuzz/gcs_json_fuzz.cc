// Google Cloud Storage's answers: whatever they say, sizes are sizes, keys are ours to ask for,
// messages are one bounded line.

#include "fuzz/check.h"
#include "object/gcs_dialect.h"
#include "object/gcs_json.h"

namespace {

using namespace gopouch::object;

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(data, data + size);
  if (const auto page = parse_gcs_page(text)) {
    for (const GcsObject& object : page->objects) check(!object.name.empty() && object.size >= 0);
  }
  if (const auto object = parse_gcs_object(text)) {
    check(object->size >= 0 && object->size == parse_gcs_size(text));
  }
  check(parse_gcs_size(text) >= -1);

  static const auto dialect = make_gcs_dialect(
      {.bucket = "bucket", .prefix = "ci/", .endpoint = *gopouch::net::parse_url("https://gcs")});
  gopouch::net::Reply reply;
  reply.body = text;
  for (const Op op : {Op::kGet, Op::kHead, Op::kPut, Op::kPutPart, Op::kList, Op::kRemove}) {
    const Operation operation{.op = op, .key = "v1/"};
    for (const int status : {200, 308, 401, 403, 404, 412, 503}) {
      reply.status = status;
      check_line(dialect->judge(operation, reply).error.message);
    }
    if (const auto page = dialect->read_page(operation, text)) {
      for (const Info& info : page->objects) check(info.key.starts_with("v1/"));
    }
  }
  return 0;
}
