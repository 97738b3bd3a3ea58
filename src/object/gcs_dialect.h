// Google Cloud Storage's requests and what its replies mean.
//
// Rules: "Cloud Storage JSON API" (objects, "Resumable uploads", "Request preconditions", "HTTP
// status and error codes"). The JSON API and not the XML API: it is the one that the emulators
// speak, and its uploads carry their preconditions in either way. Only a get that wants metadata
// goes through the XML API ("Download objects", x-goog-meta-). A version is a generation.
#pragma once

#include <memory>
#include <string>

#include "object/dialect.h"

namespace gopouch::object {

struct GcsPlace {
  std::string bucket;
  std::string prefix;  // as it stands before a key
  net::Url endpoint;   // without "/" at its end
  // Nothing is signed: what stands there asks for nobody's name.
  bool emulator = false;

  std::string name() const;  // "gs://bucket/prefix"
};

// Uploads in several requests: kBeginParts opens a session, whose address (the path and query of
// its Location) is Operation::upload; kPutPart sends what Operation::range says, up to the end of
// the object, or, where its size is 0, asks how much has arrived; kDropParts ends the session.
std::unique_ptr<const Dialect> make_gcs_dialect(GcsPlace place);

}  // namespace gopouch::object
