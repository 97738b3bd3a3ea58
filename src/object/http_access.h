// Who we are to a plain HTTP server: the headers that each request carries.
//
// Rules: RFC 7617 (basic), RFC 6750 (bearer). Nothing is learnt from replies: what is refused stays
// refused, but a token in a file is read anew for each request.
#pragma once

#include <memory>

#include "object/dialect.h"
#include "object/http.h"

namespace gopouch::object {

class HttpAccess final : public Authorizer {
 public:
  explicit HttpAccess(HttpSettings settings);

  base::Result<std::shared_ptr<const Dialect>> dialect(const base::Call& call) override;
  // kDenied: the file of the token has none.
  base::Result<Signed> sign(net::Request& request, const std::string& sha256,
                            const base::Call& call) override;
  void note(const net::Reply& /*reply*/) override {}
  bool mend(const Judgement& /*judgement*/, const net::Reply& /*reply*/,
            const Signed& /*how*/) override {
    return false;
  }

 private:
  const HttpSettings settings_;
  const bool own_authorization_;                  // among the headers
  const std::shared_ptr<const Dialect> dialect_;  // shared with the operations under way
};

}  // namespace gopouch::object
