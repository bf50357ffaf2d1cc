// Little-endian loads and stores at unaligned addresses, the same on every machine.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace gvc {

// Reads sizeof(T) bytes from data (std::byte, char or uint8_t). The caller has checked the length.
template <typename T, typename Byte>
T load_le(const Byte* data) {
    static_assert(std::is_unsigned_v<T> && sizeof(Byte) == 1);
    T value = 0;
    for (size_t i = 0; i < sizeof(T); ++i) {
        value = static_cast<T>(
            value | static_cast<T>(static_cast<T>(static_cast<uint8_t>(data[i])) << (8 * i)));
    }
    return value;
}

// Writes sizeof(T) bytes to data.
template <typename T, typename Byte>
void store_le(Byte* data, T value) {
    static_assert(std::is_unsigned_v<T> && sizeof(Byte) == 1);
    for (size_t i = 0; i < sizeof(T); ++i) {
        data[i] = static_cast<Byte>(static_cast<uint8_t>(value >> (8 * i)));
    }
}

}  // namespace gvc
