/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The name of an AF_UNIX socket that is kept; unix_path.js has these objects. */
#ifndef SOCKDUP_NODE_UNIX_PATH_H
#define SOCKDUP_NODE_UNIX_PATH_H

#include <node_api.h>

/*
 * The class UnixPath, made of a descriptor: restore(), watch(), wait(callback), release().
 * If the name is abstract, it has the property isAbstract and no use.
 */
napi_value unix_path_class(napi_env env);

#endif /* SOCKDUP_NODE_UNIX_PATH_H */
