/* The basis of all other headers: statuses, dtypes, shapes, and the syntax of options. */
#ifndef WENGERT_BASE_H
#define WENGERT_BASE_H

#if defined __clang__ && !defined WG_CHECK_HEADERS
#pragma clang diagnostic ignored "-Wgnu-zero-variadic-macro-arguments" /* calls without options, wg_backward(loss), are intended */
#endif

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define WG_API __attribute__((visibility("default")))
#define WG_MUST_CHECK __attribute__((warn_unused_result))
#define WG_PRINTF(text, first) __attribute__((format(printf, text, first)))

#if defined __clang__ || defined __cplusplus
#define WG_NAMED
#define WG_NAMED_ONLY_ _Pragma("GCC diagnostic error \"-Wexcess-initializers\"")
#else
#define WG_NAMED __attribute__((designated_init))
#define WG_NAMED_ONLY_ _Pragma("GCC diagnostic error \"-Wdesignated-init\"")
#endif

/* Behind a member that may be left out: in C++ its default, so that leaving it out is no warning, as it is none in C. */
#ifdef __cplusplus
#define WG_OR_ZERO_ = {}
#else
#define WG_OR_ZERO_
#endif

/* All statuses with value and meaning. 0 is success, all others are negative. */
#define WG_STATUS_LIST(X)                                                                                  \
    X(OK, 0, "success")                                                                                    \
    X(E_NULL, -1, "an operand or argument is NULL")                                                        \
    X(E_ARGUMENT, -2, "an argument is out of range or of the wrong kind")                                  \
    X(E_SHAPE, -3, "an operand has a shape that the function does not accept")                             \
    X(E_DTYPE, -4, "an operand has a dtype that the function does not accept")                             \
    X(E_MEMORY, -5, "out of memory")                                                                       \
    X(E_RELEASED, -6, "the value was released")                                                            \
    X(E_DANGLING, -7, "the handle's tape is closed, or the tensor was freed")                              \
    X(E_STALE, -8, "a value that backward needs was changed after it was recorded")                        \
    X(E_NO_TAPE, -9, "the result was computed without a tape, so nothing was recorded")                    \
    X(E_NO_GRAD, -10, "nothing in the computation requires a gradient, or an op has no derivative")        \
    X(E_UNUSED, -11, "the result does not depend on the tensor")                                           \
    X(E_THREAD, -12, "the tape belongs to another thread, the one that opened it")                         \
    X(E_STATE, -13, "the call is not allowed in the present state; the message says what must come first") \
    X(E_IO, -14, "a file could not be read or written")                                                    \
    X(E_NUMERIC, -15, "the computation has no finite result, such as the inverse of a singular matrix")    \
    X(E_BUG, -16, "an op or a function of the user's broke its contract")                                  \
    X(E_DURABILITY, -17, "a file is in place, but may be lost if the power fails now")

typedef enum wg_status {
#define WG_STATUS_ENUM(name, value, text) WG_##name = (value),
    WG_STATUS_LIST(WG_STATUS_ENUM)
#undef WG_STATUS_ENUM
} wg_status;

/* The type of a tensor's elements. Gradients exist for f32 and f64; i64 and u8 hold labels, indices and masks. */
typedef enum wg_dtype { WG_F32, WG_F64, WG_I64, WG_U8 } wg_dtype;

WG_API size_t wg_dtype_size(wg_dtype dtype);      /* in bytes; 0 for an invalid dtype */
WG_API const char *wg_dtype_name(wg_dtype dtype); /* "f32", "f64", "i64", "u8" or "?" */

enum { WG_MAX_RANK = 8 };

/* The maximum nesting depth of modules, and of the functions that wg_checkpoint, wg_vjp and similar functions call. */
enum { WG_MAX_DEPTH = 256 };

/* Extents of a tensor, outermost first. WG_SHAPE(4, 2) is 4 rows by 2 columns; WG_SCALAR has rank 0 and one element. */
typedef struct wg_shape {
    int rank;
    int64_t extent[WG_MAX_RANK];
} wg_shape;

#ifndef __cplusplus
#define WG_SHAPE(...) ((wg_shape){.rank = (int)(sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t)), .extent = {__VA_ARGS__}})
#define WG_SCALAR ((wg_shape){.rank = 0, .extent = {0}})
#define WG_NO_EXTENTS \
    {                 \
        .rank = 0     \
    } /* the default of an option that is a shape */
#endif

/* A list of sizes or counts, as wg_nn_mlp and wg_repeat take them: WG_SIZES(2, 8, 1), or (wg_sizes){n, array}. */
typedef struct wg_sizes {
    int count;
    const int64_t *size;
} wg_sizes;

#ifndef __cplusplus
#define WG_SIZES(...) ((wg_sizes){(int)(sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t)), (const int64_t[]){__VA_ARGS__}})
#endif

/* The first member of a struct of several values that is given by a macro, as .padding = WG_PAIR(1, 1) is; always NULL. A number in the
   macro's place, .padding = 1, meets this member first and does not compile, with a message that has its name: "initialization of
   'const struct wg_expected_WG_PAIR *' from 'int'". (Where the headers are installed as the system's, 0 compiles and
   leaves the option at its default.) */
#define WG_EXPECTED_(macro) const struct wg_expected_##macro *expected_##macro;

/* A list of steps in increasing order, by value, as wg_lr_multi_step takes them: WG_MILESTONES(30, 80). */
enum { WG_MAX_MILESTONES = 16 };
typedef struct WG_NAMED wg_milestones {
    WG_EXPECTED_(WG_MILESTONES)
    int count;
    int64_t step[WG_MAX_MILESTONES];
} wg_milestones;

#ifndef __cplusplus
#define WG_MILESTONES(...) \
    ((wg_milestones){.count = (int)(sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t)), .step = {__VA_ARGS__}})
#define WG_NO_MILESTONES \
    {                    \
        .count = 0       \
    }
#endif

/* A pair of values for rows and columns: .stride = WG_PAIR(2, 2). */
typedef struct WG_NAMED wg_pair {
    WG_EXPECTED_(WG_PAIR)
    int64_t at[2];
} wg_pair;

#ifndef __cplusplus
#define WG_PAIR(rows, columns)     \
    {                              \
        .at = {(rows), (columns) } \
    }
#endif

/* Three values, for depth, rows and columns: .stride = WG_TRIPLE(1, 2, 2). */
typedef struct WG_NAMED wg_triple {
    WG_EXPECTED_(WG_TRIPLE)
    int64_t at[3];
} wg_triple;

#ifndef __cplusplus
#define WG_TRIPLE(depth, rows, columns)     \
    {                                       \
        .at = {(depth), (rows), (columns) } \
    }
#endif

/* The elements outside an image: zeros; the image mirrored at its first and last element, which stand once; the nearest element of the
   image; the image again. */
typedef enum wg_padding { WG_PADDING_ZEROS, WG_PADDING_REFLECT, WG_PADDING_REPLICATE, WG_PADDING_CIRCULAR } wg_padding;

/* Interpolation along an axis: the element at or before the position asked for; the nearest one; lines between two elements; cubic
   curves through four, with a = -0.75. */
typedef enum wg_interpolation {
    WG_INTERPOLATION_NEAREST,
    WG_INTERPOLATION_NEAREST_EXACT,
    WG_INTERPOLATION_LINEAR,
    WG_INTERPOLATION_CUBIC
} wg_interpolation;

typedef struct wg_tensor wg_tensor;
typedef struct wg_tape wg_tape;

/* Options: a struct with its defaults first, which the caller's designated initialisers override. Options are always named. A value
   without a name behind the operands does not compile: gcc rejects it in a struct that is WG_NAMED, and clang as an excess element,
   because the last default is the struct's last member. (Right behind a named option clang takes such a value for the member that
   comes next; gcc rejects that too.) A number in place of a macro's values (.padding = 1 for WG_PAIR(1, 1)) does not
   compile either, see WG_EXPECTED_. Causes no warning under -Wextra. */
#ifndef __cplusplus
#define WG_OPTIONS(type, ...)                                                                                                  \
    __extension__({                                                                                                            \
        _Pragma("GCC diagnostic push") _Pragma("GCC diagnostic ignored \"-Woverride-init\"")                                   \
            WG_NAMED_ONLY_ _Pragma("GCC diagnostic error \"-Wmissing-braces\"") _Pragma("GCC diagnostic ignored \"-Wshadow\"") \
                _Pragma("GCC diagnostic error \"-Wint-conversion\"") type wg_options_ = {__VA_ARGS__};                         \
        _Pragma("GCC diagnostic pop") wg_options_;                                                                             \
    })
#endif
/* Returns the status of expression from the calling function unless it is WG_OK. */
#define WG_TRY(expression)                      \
    do {                                        \
        const wg_status wg_try_ = (expression); \
        if (wg_try_ != WG_OK)                   \
            return wg_try_;                     \
    } while (0)

#ifdef __cplusplus
}
#endif

#ifdef __cplusplus
#include "cplusplus.h"
#endif

#endif
