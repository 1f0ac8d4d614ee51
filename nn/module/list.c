/* The list of a module's slots, and of the distinct tensors in them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "module.h"
#include "wengert/tensor.h"

char *nn_path(const char *prefix, const char *name)
{
    const size_t size = strlen(prefix) + strlen(name) + 2;
    char *text = malloc(size);
    if (text)
        snprintf(text, size, "%s%s%s", prefix, prefix[0] ? "." : "", name);
    return text;
}

/* An array for more elements; on failure it is as it was. */
static bool grow(void *array, size_t count, size_t size)
{
    void *old, *grown;
    memcpy(&old, array, sizeof old);
    grown = realloc(old, count * size);
    if (grown)
        memcpy(array, &grown, sizeof grown);
    return grown != NULL;
}

bool nn_list_reserve(struct list *list, size_t more)
{
    const size_t capacity = 2 * list->n + more + 1;
    if (list->name && list->n + more <= list->capacity)
        return true;
    if (!grow(&list->tensor, capacity, sizeof *list->tensor) || !grow(&list->name, capacity, sizeof *list->name))
        return false;
    list->capacity = capacity;
    return true;
}

void nn_list_free(struct list *list)
{
    for (size_t i = 0; i < list->n; i++) {
        if (i < list->own)
            wg_disown(list->tensor[i]);
        free(list->name[i]);
    }
    free(list->tensor);
    free(list->name);
    free(list->distinct.tensor);
    free(list->distinct.name);
    free(list->distinct.of_slot);
    free(list->distinct.order);
}

void nn_list_insert_own(struct list *list, wg_tensor *t, char *name)
{
    const size_t at = list->own, behind = list->n - at;
    memmove(list->tensor + at + 1, list->tensor + at, behind * sizeof *list->tensor);
    memmove(list->name + at + 1, list->name + at, behind * sizeof *list->name);
    list->tensor[at] = t;
    list->name[at] = name;
    list->own++;
    list->n++;
}

bool nn_list_append(struct list *list, const struct list *child, const char *child_name)
{
    if (!nn_list_reserve(list, child->n))
        return false;
    for (size_t i = 0; i < child->n; i++) {
        list->name[list->n + i] = nn_path(child_name, child->name[i]);
        if (!list->name[list->n + i]) {
            while (i-- > 0)
                free(list->name[list->n + i]);
            return false;
        }
    }
    memcpy(list->tensor + list->n, child->tensor, child->n * sizeof *child->tensor);
    list->n += child->n;
    return true;
}

void nn_list_cut(struct list *list, size_t n)
{
    while (list->n > n)
        free(list->name[--list->n]);
}

/* ---- distinct tensors ---- */

struct slot {
    const wg_tensor *tensor;
    size_t at, first; /* in the list; the first slot of that tensor */
};

bool nn_distinct_reserve(struct list *list, size_t slots)
{
    struct distinct *d = &list->distinct;
    if (slots <= d->capacity)
        return true;
    const size_t capacity = 2 * slots;
    if (!grow(&d->tensor, capacity, sizeof *d->tensor) || !grow(&d->name, capacity, sizeof *d->name) ||
        !grow(&d->of_slot, capacity, sizeof *d->of_slot) || !grow(&d->order, capacity, sizeof *d->order))
        return false;
    d->capacity = capacity;
    return true;
}

static int by_tensor(const void *a, const void *b)
{
    const struct slot *x = a, *y = b;
    const uintptr_t s = (uintptr_t)x->tensor, t = (uintptr_t)y->tensor;
    return s != t ? (s > t) - (s < t) : (x->at > y->at) - (x->at < y->at);
}

/* Slots sorted by tensor show where each tensor is first; the list's order then numbers those. */
void nn_distinct_find(struct list *list)
{
    struct distinct *d = &list->distinct;
    for (size_t i = 0; i < list->n; i++)
        d->order[i] = (struct slot){.tensor = list->tensor[i], .at = i};
    qsort(d->order, list->n, sizeof *d->order, by_tensor);
    for (size_t i = 0; i < list->n; i++) {
        const bool again = i > 0 && d->order[i - 1].tensor == d->order[i].tensor;
        d->order[i].first = again ? d->order[i - 1].first : d->order[i].at;
        d->of_slot[d->order[i].at] = d->order[i].first;
    }
    d->n = 0;
    for (size_t i = 0; i < list->n; i++) {
        const size_t first = d->of_slot[i];
        if (first < i) {
            d->of_slot[i] = d->of_slot[first];
            continue;
        }
        d->tensor[d->n] = list->tensor[i];
        d->name[d->n] = list->name[i];
        d->of_slot[i] = d->n++;
    }
}
