/* What a list must be to be saved or loaded by its names. */
#include <stdlib.h>
#include <string.h>

#include "header.h"
#include "wengert/error.h"

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static wg_status check_once(const char **name, size_t n, const char *op)
{
    if (n > 0)
        qsort(name, n, sizeof *name, by_text);
    for (size_t i = 1; i < n; i++)
        if (strcmp(name[i - 1], name[i]) == 0)
            return wg_error_set(WG_E_ARGUMENT, op, "%s: two tensors are called %s", op, name[i]);
    return WG_OK;
}

wg_status file_check_list(wg_tensor_list list, const char *op)
{
    const char **name = malloc((list.n + 1) * sizeof *name);
    wg_status status = name ? WG_OK : wg_error_set(WG_E_MEMORY, op, "%s: out of memory", op);
    for (size_t i = 0; i < list.n && status == WG_OK; i++) {
        if (!list.tensor || !list.tensor[i] || !list.name || !list.name[i])
            status = wg_error_set(WG_E_NULL, op, "%s: tensor %zu or its name is NULL", op, i);
        else if (!wg_data(list.tensor[i]) && wg_error_first()) /* released, dangling, recorded now */
            status = wg_error_first()->code;
        else
            name[i] = list.name[i];
    }
    if (status == WG_OK)
        status = check_once(name, list.n, op);
    free(name);
    return status;
}
