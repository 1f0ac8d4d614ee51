// Counts what kernels do. The kernels of every op are compiled here again with a number type whose operators count; this file is C++
// because C has no operators to overload. The list of kernels is made by meson from ops.def.
#include "check.h"

#include "wengert/ops.h"

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <type_traits>
#include <vector>

namespace counting
{

wg_cost tally;

// A number in a register.
struct number {
    double v;
    number() = default;
    number(double x) : v(x)
    {
    }
    template <class A, class = typename std::enable_if<std::is_arithmetic<A>::value>::type> explicit operator A() const
    {
        return static_cast<A>(v);
    }
};

inline number operator+(number a, number b)
{
    return tally.add++, number(a.v + b.v);
}
inline number operator-(number a, number b)
{
    return tally.add++, number(a.v - b.v);
}
inline number operator*(number a, number b)
{
    return tally.mul++, number(a.v * b.v);
}
inline number operator/(number a, number b)
{
    return tally.div++, number(a.v / b.v);
}
inline number operator+(number a)
{
    return a;
}
inline number operator-(number a)
{
    return number(-a.v);
}
inline number &operator+=(number &a, number b)
{
    return a = a + b;
}
inline number &operator-=(number &a, number b)
{
    return a = a - b;
}
inline number &operator*=(number &a, number b)
{
    return a = a * b;
}
inline number &operator/=(number &a, number b)
{
    return a = a / b;
}
inline bool operator<(number a, number b)
{
    return tally.compare++, a.v < b.v;
}
inline bool operator>(number a, number b)
{
    return tally.compare++, a.v > b.v;
}
inline bool operator<=(number a, number b)
{
    return tally.compare++, a.v <= b.v;
}
inline bool operator>=(number a, number b)
{
    return tally.compare++, a.v >= b.v;
}
inline bool operator==(number a, number b)
{
    return tally.compare++, a.v == b.v;
}
inline bool operator!=(number a, number b)
{
    return tally.compare++, a.v != b.v;
}

#define TRANSCENDENTAL(f)                                   \
    inline number f(number x)                               \
    {                                                       \
        return tally.transcendental++, number(std::f(x.v)); \
    }
TRANSCENDENTAL(exp)
TRANSCENDENTAL(exp2)
TRANSCENDENTAL(expm1)
TRANSCENDENTAL(log)
TRANSCENDENTAL(log2)
TRANSCENDENTAL(log1p)
TRANSCENDENTAL(sqrt)
TRANSCENDENTAL(cbrt)
TRANSCENDENTAL(tanh)
TRANSCENDENTAL(sin)
TRANSCENDENTAL(cos)
TRANSCENDENTAL(erf)
TRANSCENDENTAL(erfc)
TRANSCENDENTAL(tan)
TRANSCENDENTAL(asin)
TRANSCENDENTAL(acos)
TRANSCENDENTAL(atan)
TRANSCENDENTAL(sinh)
TRANSCENDENTAL(cosh)
inline number sigmoid(number x)
{
    return tally.transcendental++, number(1 / (1 + std::exp(-x.v)));
}
inline number bell(number x)
{
    return tally.transcendental++, number(std::exp(x.v * x.v * -0.5));
}
inline number mills(number x)
{
    return tally.transcendental++, number(std::exp(x.v * x.v * 0.5) * std::erfc(x.v * M_SQRT1_2) / 2);
}
inline number pow(number a, number b)
{
    return tally.transcendental++, number(std::pow(a.v, b.v));
}
inline number atan2(number a, number b)
{
    return tally.transcendental++, number(std::atan2(a.v, b.v));
}
inline number lgamma_r(number x, int *sign)
{
    return tally.transcendental++, number(::lgamma_r(x.v, sign));
}
inline number fmax(number a, number b)
{
    return tally.compare++, number(std::fmax(a.v, b.v));
}
inline number fmin(number a, number b)
{
    return tally.compare++, number(std::fmin(a.v, b.v));
}
inline number fma(number a, number b, number c)
{
    return tally.mul++, tally.add++, number(std::fma(a.v, b.v, c.v));
}
inline number fabs(number x)
{
    return number(std::fabs(x.v));
}
inline number floor(number x)
{
    return number(std::floor(x.v));
}
inline number ceil(number x)
{
    return number(std::ceil(x.v));
}
inline number rint(number x)
{
    return number(std::rint(x.v));
}
inline number copysign(number a, number b)
{
    return number(std::copysign(a.v, b.v));
}
inline bool isnan(number x)
{
    return tally.compare++, std::isnan(x.v);
}

// A number in memory that knows whether it was read (before the kernel wrote it) and whether it was written. All-zero bytes are a written zero, so that memset counts as writing.
// zero, so that memset counts.
struct cell {
    double v;
    mutable unsigned char read; // not bool: a kernel's own arrays of cells start with arbitrary bytes
    unsigned char untouched;
    operator number() const
    {
        read = read || untouched;
        return number(v);
    }
    cell &operator=(number x)
    {
        v = x.v;
        untouched = false;
        return *this;
    }
    cell &operator=(const cell &from)
    {
        return *this = static_cast<number>(from);
    }
    cell &operator+=(number x)
    {
        return *this = static_cast<number>(*this) + x;
    }
    cell &operator-=(number x)
    {
        return *this = static_cast<number>(*this) - x;
    }
    cell &operator*=(number x)
    {
        return *this = static_cast<number>(*this) * x;
    }
    template <class A, class = typename std::enable_if<std::is_arithmetic<A>::value>::type> explicit operator A() const
    {
        return static_cast<A>(static_cast<number>(*this));
    }
};

} // namespace counting

#define WG_COUNTING
#define REAL counting::number
#define ELEM counting::cell
#define WIDE counting::number
#define R(name) name
#define W(name) name
#define T(name) WG_JOIN(name, _count)

#include "ops/attention/attention.h"
#include "ops/conv/sampling.h"
#include "ops/conv/window_shape.h"
#include "ops/kernel.h"
#include "ops/loss/ctc.h"
#include "ops/map.h"
#include "ops/random/draw.h"

// Kernels transpose by functions of their own, which count nothing.
#define ISA(name) WG_JOIN(name, _count)
template <class E> void wg_transpose_count(const E *x, int64_t sx, int64_t rows, int64_t columns, E *y, int64_t sy)
{
    for (int64_t j = 0; j < columns; j++)
        for (int64_t i = 0; i < rows; i++)
            y[j * sy + i] = x[i * sx + j];
}
#define wg_transpose_u8_count wg_transpose_count

#include "count_kernels.inc"

namespace
{

struct kernel {
    const char *op;
    wg_kernel *run;
};
const kernel kernels[] = {
#include "count_table.inc"
};

// An operand made of cells, with the layout of the tensor that it replaces.
struct stand_in {
    wg_tensor t;
    std::vector<counting::cell> cells;

    stand_in(const wg_tensor *from) : t(*from)
    {
        int64_t least = 0, most = 0;
        for (int axis = 0; axis < t.rank && t.numel > 0; axis++) {
            const int64_t reach = wg_strides(from)[axis] * (wg_extents(from)[axis] - 1);
            (reach < 0 ? least : most) += reach;
        }
        cells.reserve(1); // so that an empty tensor has an address
        cells.resize(static_cast<size_t>(t.numel > 0 ? most - least + 1 : 0));
        for (size_t i = 0; i < cells.size(); i++) {
            const int64_t at = static_cast<int64_t>(i) + least;
            cells[i].v = t.dtype == WG_F32 ? static_cast<double>(reinterpret_cast<const float *>(from->data)[at])
                                           : reinterpret_cast<const double *>(from->data)[at];
            cells[i].read = false;
            cells[i].untouched = true;
        }
        t.data = reinterpret_cast<char *>(cells.data() - least);
    }
};

double distinct_bytes(const wg_tensor *t)
{
    double n = 1;
    for (int axis = 0; axis < t->rank; axis++)
        if (wg_strides(t)[axis] != 0 || wg_extents(t)[axis] == 0)
            n *= static_cast<double>(wg_extents(t)[axis]);
    return n * static_cast<double>(wg_dtype_size(static_cast<wg_dtype>(t->dtype)));
}

} // namespace

bool check_count(const char *op, const wg_call *c, unsigned plain, wg_cost *counted)
{
    const kernel *found = nullptr;
    for (const kernel &k : kernels)
        if (k.op && std::strcmp(k.op, op) == 0)
            found = &k;
    if (!found)
        return false;
    std::vector<stand_in> cells;
    std::vector<wg_tensor *> operands;
    const unsigned n = static_cast<unsigned>(c->n_in) + c->n_out;
    cells.reserve(n);
    counting::tally = wg_cost();
    *counted = wg_cost();
    bool runs = c->n_out == 0 || c->op->writes;
    for (unsigned i = 0; i < c->n_out; i++)
        runs = runs || c->out[i]->numel > 0;
    if (!runs) // the engine runs no kernel for empty results
        return true;
    for (unsigned i = 0; i < n; i++) {
        wg_tensor *t = i < c->n_in ? c->in[i] : c->out[i - c->n_in];
        if (wg_absent(t) || t->dtype != c->dtype || t->dtype > WG_F64 || (i < c->n_in && (plain >> i & 1))) {
            operands.push_back(t);
            if (wg_absent(t))
                continue;
            (i < c->n_in ? counting::tally.bytes_read : counting::tally.bytes_written) += distinct_bytes(t);
            if (i < c->n_in && (c->op->writes >> i & 1))
                counting::tally.bytes_written += distinct_bytes(t);
        } else {
            cells.emplace_back(t);
            operands.push_back(&cells.back().t);
        }
    }
    wg_call call = *c;
    call.in = operands.data();
    call.out = operands.data() + c->n_in;
    if (found->run(&call) != WG_OK)
        return false;
    const double size = static_cast<double>(wg_dtype_size(static_cast<wg_dtype>(c->dtype)));
    for (const stand_in &s : cells)
        for (const counting::cell &e : s.cells) {
            counting::tally.bytes_read += e.read ? size : 0;
            counting::tally.bytes_written += e.untouched ? 0 : size;
        }
    *counted = counting::tally;
    return true;
}
