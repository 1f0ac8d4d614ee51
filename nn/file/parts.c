/* The parts of a checkpoint. */
#include "parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "header.h"
#include "wengert/error.h"
#include "wengert/random.h"

wg_status parts_no_memory(const char *op)
{
    return wg_error_set(WG_E_MEMORY, op, "%s: out of memory", op);
}

wg_status parts_check_live(const wg_run *c, const char *op)
{
    for (size_t i = 0; i < c->n; i++)
        if (!wg_is_live(c->tensor[i]))
            return wg_error_set(WG_E_DANGLING, op, "%s: the tensor of %.100s was freed, or what it belongs to was destroyed", op,
                                c->name[i]);
    return WG_OK;
}

static struct stand_in *stand_in_of(const wg_run *c, size_t entry)
{
    for (size_t i = 0; i < c->n_stand_ins; i++)
        if (c->stand_in[i].entry == entry)
            return &c->stand_in[i];
    return NULL;
}

/* Takes entries away until n are left. */
static void cut_back(wg_run *c, size_t n)
{
    while (c->n > n) {
        c->n--;
        if (stand_in_of(c, c->n)) {
            c->n_stand_ins--;
            wg_disown(c->tensor[c->n]);
        } else {
            wg_borrow_end(c->tensor[c->n]);
        }
        free(c->name[c->n]);
    }
}

/* Space for more entries. */
static wg_status reserve(wg_run *c, size_t more, const char *op)
{
    wg_tensor **tensor = realloc(c->tensor, (c->n + more) * sizeof *tensor);
    if (tensor)
        c->tensor = tensor;
    char **name = tensor ? realloc(c->name, (c->n + more) * sizeof *name) : NULL;
    if (name)
        c->name = name;
    return name ? WG_OK : parts_no_memory(op);
}

static wg_status check_part(const wg_run *c, const char *part, const void *what, const char *kind, const char *op)
{
    if (!c || !part || !what)
        return wg_error_set(WG_E_NULL, op, "%s: the %s NULL", op, !c ? "run is" : !part ? "name of the part is" : kind);
    const size_t length = strlen(part);
    if (length == 0)
        return wg_error_set(WG_E_ARGUMENT, op, "%s: the name of the part is empty", op);
    for (size_t i = 0; i < c->n; i++)
        if (strncmp(c->name[i], part, length) == 0 && (c->name[i][length] == 0 || c->name[i][length] == '.'))
            return wg_error_set(WG_E_ARGUMENT, op, "%s: there is a part %.100s already", op, part);
    return WG_OK;
}

/* Appends a borrowed tensor. The name is taken over, on failure too; NULL: no memory. */
static wg_status append(wg_run *c, char *name, wg_tensor *t, const char *op)
{
    if (!name)
        return parts_no_memory(op);
    wg_tensor *borrowed = t ? wg_borrow(t) : NULL;
    if (borrowed && borrowed != WG_NONE) {
        c->tensor[c->n] = borrowed;
        c->name[c->n++] = name;
        return WG_OK;
    }
    wg_status status = wg_error_first() ? wg_error_first()->code : WG_E_NULL;
    if (!t)
        status = wg_error_set(WG_E_NULL, op, "%s: the tensor of %.100s is NULL", op, name);
    else if (borrowed)
        status = wg_error_set(WG_E_ARGUMENT, op, "%s: %.100s belongs to a tape and ends with it: take it out by wg_own first", op,
                              name);
    free(name);
    return status;
}

static char *joined(const char *part, wg_tensor_list list, size_t i)
{
    char *name = NULL;
    const int n = list.name ? asprintf(&name, "%s.%s", part, list.name[i]) : asprintf(&name, "%s.%zu", part, i);
    return n < 0 ? NULL : name;
}

static wg_status check_names(wg_tensor_list list, const char *part, const char *op)
{
    for (size_t i = 0; i < list.n && list.name; i++)
        if (!list.name[i] || !list.name[i][0])
            return wg_error_set(list.name[i] ? WG_E_ARGUMENT : WG_E_NULL, op, "%s: the name of tensor %zu of %.100s is %s", op, i,
                                part, list.name[i] ? "empty" : "NULL");
    return WG_OK;
}

wg_status wg_run_add(wg_run *run, const char *part, wg_tensor_list tensors)
{
    const char *op = "run_add";
    WG_TRY(check_part(run, part, tensors.n > 0 && !tensors.tensor ? NULL : op, "list of tensors is", op));
    WG_TRY(check_names(tensors, part, op));
    if (tensors.n == 0)
        return wg_error_set(WG_E_ARGUMENT, op, "%s: the list of %.100s is empty, so nothing of it would be saved", op, part);
    WG_TRY(reserve(run, tensors.n, op));
    const size_t before = run->n;
    wg_status status = WG_OK;
    for (size_t i = 0; i < tensors.n && status == WG_OK; i++)
        status = append(run, joined(part, tensors, i), tensors.tensor[i], op);
    if (status == WG_OK)
        status = file_check_names((const char *const *)run->name + before, tensors.n, op);
    if (status != WG_OK)
        cut_back(run, before);
    return status;
}

wg_status wg_run_add_tensor(wg_run *run, const char *part, wg_tensor *tensor)
{
    const char *op = "run_add_tensor";
    WG_TRY(check_part(run, part, tensor, "tensor is", op));
    WG_TRY(reserve(run, 1, op));
    return append(run, strdup(part), tensor, op);
}

/* Appends a stand-in of n whole numbers. */
static wg_status add_stand_in(wg_run *c, const char *part, struct stand_in stand_in, int64_t n, const char *op)
{
    WG_TRY(reserve(c, 1, op));
    struct stand_in *all = realloc(c->stand_in, (c->n_stand_ins + 1) * sizeof *all);
    if (all)
        c->stand_in = all;
    char *name = all ? strdup(part) : NULL;
    wg_tensor *made = name ? wg_zeros(WG_I64, n == 1 ? WG_SCALAR : WG_SHAPE(n)) : NULL, *t = made ? wg_adopt(made) : NULL;
    if (!t) {
        free(name);
        return wg_error_first() ? wg_error_first()->code : parts_no_memory(op);
    }
    stand_in.entry = c->n;
    c->stand_in[c->n_stand_ins++] = stand_in;
    c->tensor[c->n] = t;
    c->name[c->n++] = name;
    return WG_OK;
}

wg_status wg_run_add_batches(wg_run *run, const char *part, wg_batches *batches)
{
    const char *op = "run_add_batches";
    WG_TRY(check_part(run, part, batches, "iterator is", op));
    return add_stand_in(run, part, (struct stand_in){.batches = batches}, PART_NUMBERS, op);
}

wg_status wg_run_add_count(wg_run *run, const char *part, int64_t *count)
{
    const char *op = "run_add_count";
    WG_TRY(check_part(run, part, count, "count is", op));
    return add_stand_in(run, part, (struct stand_in){.count = count}, 1, op);
}

wg_run *wg_run_create_with(wg_run_options options)
{
    wg_run *c = calloc(1, sizeof *c);
    if (!c)
        (void)parts_no_memory("run_create");
    else if (options.generator && wg_run_add_tensor(c, "generator", wg_generator_default()) != WG_OK) {
        wg_run_destroy(c);
        c = NULL;
    }
    return c;
}

void wg_run_destroy(wg_run *run)
{
    if (!run)
        return;
    cut_back(run, 0);
    free(run->tensor), free(run->name), free(run->stand_in);
    free(run);
}
