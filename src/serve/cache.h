// What the files of the cache over HTTP share.
#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "base/files.h"
#include "base/guarded.h"
#include "serve/serve.h"

namespace gopouch::serve {

struct HttpCache::Rep {
  Rep(Options how, object::Remote in, base::Fd below, const Gate& asks)
      : options(std::move(how)), objects(std::move(in)), folder(std::move(below)), gate(asks) {}

  const Options options;
  object::Remote objects;
  const base::Fd folder;  // that of the objects and of what is coming in
  const Gate& gate;
  base::Guarded<std::monostate> one_at_a_time;  // puts with a precondition

  void get(http::Exchange& exchange, const object::Key& key, std::vector<net::Header> more = {});
  void put(http::Exchange& exchange, const object::Key& key);
  void list(http::Exchange& exchange, std::string_view base, const std::string& folder_name,
            const Pass& pass);

  // The body of a request, in a file without a name; with its SHA-256 into `sum`, if that is not
  // null. kCorrupt: it is too large.
  base::Result<base::NewFile> receive(http::Exchange& exchange, base::Hash* sum);
  void store_file(http::Exchange& exchange, const object::Key& key, const base::NewFile& file,
                  const object::PutOptions& how);
};

int status_of(base::Fault fault);
base::Call in_time();

// The part of a key that is one of gopouch's, without what stands before it; else the whole key.
std::string_view our_part(std::string_view key);

}  // namespace gopouch::serve
