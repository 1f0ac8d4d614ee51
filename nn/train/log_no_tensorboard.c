/* In place of log_tensorboard.c, in a library that is built without protobuf-c. */
#include "log.h"
#include "wengert/error.h"

wg_train_log *wg_train_log_tensorboard(const char *folder)
{
    const char *op = "train_log_tensorboard";
    wg_train_log *log = log_make(NULL, folder, op); /* the same errors of the argument */
    if (log)
        (void)wg_error_set(
            WG_E_STATE, op,
            "%s: this library was built without protobuf-c: install libprotobuf-c-dev and protobuf-c-compiler, and build "
            "again with -Dtensorboard=enabled",
            op);
    wg_train_log_destroy(log);
    return NULL;
}
