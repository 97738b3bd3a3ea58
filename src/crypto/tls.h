// The functions of OpenSSL that TLS takes, for the files of trust, servers and sessions.
#pragma once

#include <algorithm>
#include <climits>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "crypto/openssl.h"

namespace gopouch::crypto {

struct Tls : Symbols {
  decltype(&::TLS_client_method) client_method = find("TLS_client_method");
  decltype(&::TLS_server_method) server_method = find("TLS_server_method");
  decltype(&::SSL_CTX_new) ctx_new = find("SSL_CTX_new");
  decltype(&::SSL_CTX_free) ctx_free = find("SSL_CTX_free");
  decltype(&::SSL_CTX_ctrl) ctx_ctrl = find("SSL_CTX_ctrl");
  decltype(&::SSL_CTX_set_options) ctx_set_options = find("SSL_CTX_set_options");
  decltype(&::SSL_CTX_set_verify) ctx_set_verify = find("SSL_CTX_set_verify");
  decltype(&::SSL_CTX_set_default_verify_paths) ctx_default_paths =
      find("SSL_CTX_set_default_verify_paths");
  decltype(&::SSL_CTX_load_verify_file) ctx_load_verify_file = find("SSL_CTX_load_verify_file");
  decltype(&::SSL_CTX_set_client_CA_list) ctx_set_client_cas = find("SSL_CTX_set_client_CA_list");
  decltype(&::SSL_load_client_CA_file) load_client_cas = find("SSL_load_client_CA_file");
  decltype(&::SSL_CTX_set_session_id_context) ctx_set_id = find("SSL_CTX_set_session_id_context");
  decltype(&::SSL_CTX_set_cert_cb) ctx_set_cert_cb = find("SSL_CTX_set_cert_cb");
  decltype(&::SSL_CTX_set_alpn_select_cb) ctx_set_alpn_cb = find("SSL_CTX_set_alpn_select_cb");
  decltype(&::SSL_new) make = find("SSL_new");
  decltype(&::SSL_free) free = find("SSL_free");
  decltype(&::SSL_ctrl) ctrl = find("SSL_ctrl");
  decltype(&::SSL_set1_host) set1_host = find("SSL_set1_host");
  decltype(&::SSL_get0_param) get0_param = find("SSL_get0_param");
  decltype(&::SSL_set_bio) set_bio = find("SSL_set_bio");
  decltype(&::SSL_set_connect_state) set_connect = find("SSL_set_connect_state");
  decltype(&::SSL_set_accept_state) set_accept = find("SSL_set_accept_state");
  decltype(&::SSL_do_handshake) do_handshake = find("SSL_do_handshake");
  decltype(&::SSL_read) read = find("SSL_read");
  decltype(&::SSL_write) write = find("SSL_write");
  decltype(&::SSL_shutdown) shutdown = find("SSL_shutdown");
  decltype(&::SSL_get_error) get_error = find("SSL_get_error");
  decltype(&::SSL_get_servername) get_servername = find("SSL_get_servername");
  decltype(&::SSL_use_cert_and_key) use_identity = find("SSL_use_cert_and_key");
  decltype(&::SSL_get_verify_result) get_verify_result = find("SSL_get_verify_result");
  decltype(&::X509_VERIFY_PARAM_set1_ip_asc) set1_ip_asc = find("X509_VERIFY_PARAM_set1_ip_asc");
  decltype(&::X509_verify_cert_error_string) verify_error = find("X509_verify_cert_error_string");
  decltype(&::X509_check_private_key) check_key = find("X509_check_private_key");
  decltype(&::X509_free) x509_free = find("X509_free");
  decltype(&::EVP_PKEY_free) key_free = find("EVP_PKEY_free");
  decltype(&::PEM_read_bio_X509) read_x509 = find("PEM_read_bio_X509");
  decltype(&::PEM_read_bio_PrivateKey) read_key = find("PEM_read_bio_PrivateKey");
  decltype(&::OPENSSL_sk_new_null) stack_new = find("OPENSSL_sk_new_null");
  decltype(&::OPENSSL_sk_push) stack_push = find("OPENSSL_sk_push");
  decltype(&::OPENSSL_sk_pop_free) stack_free = find("OPENSSL_sk_pop_free");
  decltype(&::BIO_new) bio_new = find("BIO_new");
  decltype(&::BIO_new_mem_buf) bio_new_text = find("BIO_new_mem_buf");
  decltype(&::BIO_free) bio_free = find("BIO_free");
  decltype(&::BIO_s_mem) bio_s_mem = find("BIO_s_mem");
  decltype(&::BIO_read) bio_read = find("BIO_read");
  decltype(&::BIO_write) bio_write = find("BIO_write");
  decltype(&::ERR_get_error) err_get = find("ERR_get_error");
  decltype(&::ERR_clear_error) err_clear = find("ERR_clear_error");
  decltype(&::ERR_reason_error_string) err_reason = find("ERR_reason_error_string");
};

// REQUIRES: load<Tls>() went well.
inline const Tls& tls() { return functions<Tls>(); }

// For lengths, which OpenSSL has as int.
inline int at_most(std::size_t size) {
  return static_cast<int>(std::min<std::size_t>(size, INT_MAX));
}

// For keys under a passphrase: nobody is asked for one at the terminal.
inline int no_passphrase(char* /*into*/, int /*size*/, int /*writing*/, void* /*data*/) {
  return -1;
}

inline base::Error no_memory() { return {base::Fault::kUnavailable, "TLS: no memory"}; }

}  // namespace gopouch::crypto
